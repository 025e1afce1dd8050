import { contractVersion } from '../../shared/contract/wire.ts';
import type { HandlersOf } from '../hub/context.ts';
import { demoLogins } from '../seed/people.ts';
import { version } from '../support/version.ts';

export function systemHandlers(demo: boolean): HandlersOf<'system'> {
  const info = { version, contract: contractVersion, demo, demoLogins: demo ? [...demoLogins] : [] };
  return { 'system.info': () => Promise.resolve(info) };
}
