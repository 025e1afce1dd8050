import type { z } from 'zod';
import type { Role } from '../permissions.ts';

/** How often one actor (or, before sign-in, one address) may use an operation; the numbers are in `server/hub/rateLimits.ts`. */
export type RateClass = 'read' | 'write' | 'signIn' | 'chat';

/**
 * One operation of the platform, the only way in. Server, client, OpenAPI document and tests are derived from this.
 * - `kind`: a query changes nothing; a command may, carries a request id, and is executed at most once per (actor, request id).
 * - `roles`: who may use it at all; `'public'` needs no sign-in. Which *resources* is decided by the actor-bound store.
 * - `sensitive`: the input must not stand in a URL or log, so a query travels as POST.
 * - `audited`: an audit record is written before (intent) and after (outcome).
 * - `transports`: login and refresh set a cookie, so they are HTTP only.
 * - `once`: where a repeat is recognised: in the `stream` it appends to, or by a `reply` stored at the door.
 */
export interface Operation<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> {
  readonly kind: 'query' | 'command';
  readonly summary: string;
  readonly input: I;
  readonly output: O;
  readonly roles: readonly Role[] | 'public';
  readonly rate: RateClass;
  readonly sensitive?: boolean;
  readonly audited?: boolean;
  readonly transports?: readonly ('http' | 'socket')[];
  readonly once?: 'stream' | 'reply';
}

/** Keeps the exact input and output types while checking the shape. */
export function operation<I extends z.ZodType, O extends z.ZodType>(definition: Operation<I, O>): Operation<I, O> {
  return definition;
}

/**
 * A live channel. A `stream` is an append-only log sent as snapshot + batches; a `view` is a latest state with a revision.
 * `key` names one instance (a desk session, an entry, a thread, a clinic, an account).
 */
export interface StreamChannel<S extends z.ZodType = z.ZodType, E extends z.ZodType = z.ZodType> {
  readonly type: 'stream';
  readonly summary: string;
  readonly roles: readonly Role[];
  readonly key: z.ZodType<string>;
  readonly snapshot: S;
  readonly event: E;
}
export interface ViewChannel<S extends z.ZodType = z.ZodType> {
  readonly type: 'view';
  readonly summary: string;
  readonly roles: readonly Role[];
  readonly key: z.ZodType<string>;
  readonly state: S;
}

export function stream<S extends z.ZodType, E extends z.ZodType>(
  c: Omit<StreamChannel<S, E>, 'type'>,
): StreamChannel<S, E> {
  return { type: 'stream', ...c };
}
export function view<S extends z.ZodType>(c: Omit<ViewChannel<S>, 'type'>): ViewChannel<S> {
  return { type: 'view', ...c };
}
