import type { z } from 'zod';
import { accountOperations } from './accounts.ts';
import { chatChannels, chatOperations } from './chat.ts';
import { consultOperations } from './consult.ts';
import type { Operation, StreamChannel, ViewChannel } from './define.ts';
import { queueChannels, queueOperations } from './queue.ts';
import { systemOperations } from './system.ts';

/** Everything that may cross the wire between client and hub. Features add theirs here and nowhere else. */
export const operations = {
  ...systemOperations,
  ...accountOperations,
  ...queueOperations,
  ...consultOperations,
  ...chatOperations,
};
export const channels = { ...queueChannels, ...chatChannels };

export type OperationName = keyof typeof operations;
export type InputOf<N extends OperationName> = z.output<(typeof operations)[N]['input']>;
/** What a caller passes: before defaults and trimming. */
export type CallOf<N extends OperationName> = z.input<(typeof operations)[N]['input']>;
export type OutputOf<N extends OperationName> = z.output<(typeof operations)[N]['output']>;

export type ChannelName = keyof typeof channels;
export type StreamName = { [K in ChannelName]: (typeof channels)[K]['type'] extends 'stream' ? K : never }[ChannelName];
export type ViewName = Exclude<ChannelName, StreamName>;
export type ViewState<N extends ViewName> = z.output<(typeof channels)[N]['state']>;

export function isOperationName(name: string): name is OperationName {
  return Object.hasOwn(operations, name);
}
export function isChannelName(name: string): name is ChannelName {
  return Object.hasOwn(channels, name);
}
export function operationOf(name: OperationName): Operation {
  return operations[name];
}
export function channelOf(name: ChannelName): StreamChannel | ViewChannel {
  return channels[name];
}

/** `queue.callNext` → `/api/v1/queue/call-next`. */
export function pathOf(name: string): string {
  const kebab = name.replaceAll('.', '/').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return `/api/v1/${kebab}`;
}
/** Queries are GET unless their input must not stand in a URL. */
export function methodOf(operation: Operation): 'get' | 'post' {
  return operation.kind === 'query' && operation.sensitive !== true ? 'get' : 'post';
}
