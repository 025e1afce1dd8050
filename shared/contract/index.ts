import type { z } from 'zod';
import { accessOperations } from './access.ts';
import { accountOperations } from './accounts.ts';
import { backupOperations } from './backup.ts';
import { auditOperations } from './audit.ts';
import { boardChannels, boardOperations } from './board.ts';
import { chatChannels, chatOperations } from './chat.ts';
import { consultOperations } from './consult.ts';
import type { Operation, StreamChannel, ViewChannel } from './define.ts';
import { doctorOperations } from './doctors.ts';
import { erasureOperations } from './erasure.ts';
import { passwordOperations } from './passwords.ts';
import { peopleOperations } from './people.ts';
import { presenceChannels } from './presence.ts';
import { otpOperations } from './otp.ts';
import { announcementOperations } from './announcements.ts';
import { notifyChannels, notifyOperations } from './notify.ts';
import { queueChannels, queueOperations } from './queue.ts';
import { queueDeskOperations } from './queueDesk.ts';
import { recordingOperations } from './recordings.ts';
import { secondFactorOperations } from './secondFactor.ts';
import { signUpOperations } from './signUp.ts';
import { systemOperations } from './system.ts';

/** Everything that may cross the wire between client and hub. Features add theirs here and nowhere else. */
export const operations = {
  ...systemOperations,
  ...accountOperations,
  ...accessOperations,
  ...secondFactorOperations,
  ...otpOperations,
  ...passwordOperations,
  ...signUpOperations,
  ...peopleOperations,
  ...doctorOperations,
  ...queueOperations,
  ...queueDeskOperations,
  ...boardOperations,
  ...consultOperations,
  ...recordingOperations,
  ...chatOperations,
  ...notifyOperations,
  ...announcementOperations,
  ...backupOperations,
  ...auditOperations,
  ...erasureOperations,
};
export const channels = { ...queueChannels, ...boardChannels, ...chatChannels, ...presenceChannels, ...notifyChannels };

export type OperationName = keyof typeof operations;
export type InputOf<N extends OperationName> = z.output<(typeof operations)[N]['input']>;
/** What a caller passes: before defaults and trimming. */
export type CallOf<N extends OperationName> = z.input<(typeof operations)[N]['input']>;
export type OutputOf<N extends OperationName> = z.output<(typeof operations)[N]['output']>;

export type ChannelName = keyof typeof channels;
export type StreamName = { [K in ChannelName]: (typeof channels)[K]['type'] extends 'stream' ? K : never }[ChannelName];
export type ViewName = Exclude<ChannelName, StreamName>;
/** Views that are sent as differences. */
export type PatchedName = {
  [K in ChannelName]: (typeof channels)[K] extends { readonly patched: true } ? K : never;
}[ChannelName];
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

const outputs: { [N in OperationName]: { output: { parse(data: unknown): OutputOf<N> } } } = operations;

/** The data of a reply, of its own type. Throws a ZodError when it does not fit the contract. */
export function parseOutput<N extends OperationName>(name: N, data: unknown): OutputOf<N> {
  return outputs[name].output.parse(data);
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
