import { watchAttention } from '../presence/watchAttention.ts';
import { browserPorts, idlePorts } from './browserPorts.ts';
import { Hub } from './hub.svelte.ts';
import { Idle } from './idle.svelte.ts';
import { Session } from './session.svelte.ts';
import { hooks, type LiveView } from './use.svelte.ts';

/** The page's only session and its only hub. Call `startSession()` once, when the app mounts. */
export const session: Session = new Session(
  browserPorts(
    (news) => session.heard(news),
    () => (session.account ? idle.quietMs() : idle.beforeLoadMs()),
  ),
);
/** Whether anybody is at this device; locks the page of who works at a desk when nobody is. */
export const idle: Idle = new Idle(idlePorts((at) => idle.heard(at)));
export const hub = new Hub(session);
export const { useStream, useView } = hooks(hub);

let visiting: Hub | undefined;

/** The hub for whoever holds a key (of a board, of a place) and has no account; opened at its first use. */
export function publicHub(): Hub {
  visiting ??= new Hub({ visitor: true, token: () => Promise.resolve('') });
  visiting.open();
  return visiting;
}

/** As {@link useView}, for `board` and `linkedPlace` without a sign-in. */
export function usePublicView<N extends 'board' | 'linkedPlace'>(name: N, key: () => string | null): LiveView<N> {
  return hooks(publicHub()).useView(name, key);
}

watchAttention(document, (away) => hub.setAway(away));

idle.onover = () => void session.lock();
idle.onactive = () => void session.stay().catch(() => undefined); // the next activity tells it again
session.onLock((locked) => {
  // What the page holds stays for its owner; nothing comes in meanwhile.
  if (locked) hub.connection.close();
  else if (session.account) hub.open();
});

session.onChange((account) => {
  if (account) hub.open();
  else hub.close();
});

/** Signs in silently by the cookie if there is one. Resolves when that is known, or the server did not answer (it goes on trying). */
export function startSession(): Promise<void> {
  return session.start();
}

export { clock, ticking } from './clock.svelte.ts';
export type { ConnectionState } from './connection.svelte.ts';
export type { Hub, RequestOptions } from './hub.svelte.ts';
export { newRequestId } from './ids.ts';
export { isDenied, RequestError } from './RequestError.ts';
export type { Asked, EndReason, Session, SessionStatus } from './session.svelte.ts';
export type { StreamStore } from './stream.svelte.ts';
export type { SubscriptionStatus } from './subscription.svelte.ts';
export type { EventOf, StateOf } from './typed.ts';
export type { LiveStream, LiveView } from './use.svelte.ts';
export type { ViewStore } from './view.svelte.ts';
