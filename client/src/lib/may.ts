import { channelOf, operationOf, type ChannelName, type OperationName } from '../../../shared/contract/index.ts';
import { mayUse } from '../../../shared/permissions.ts';
import { session } from './index.ts';

/** Whether whoever is signed in may use an operation at all, as the contract says it: what may not be used is not offered. */
export function may(name: OperationName): boolean {
  const { roles, permission } = operationOf(name);
  return roles === 'public' || (session.account !== null && mayUse(session.account, { roles, permission }));
}

/** The same of a live channel: what may not be listened to is not asked for. */
export function mayWatch(name: ChannelName): boolean {
  const { roles, permission } = channelOf(name);
  return roles === 'public' || (session.account !== null && mayUse(session.account, { roles, permission }));
}
