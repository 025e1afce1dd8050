import { z } from 'zod';
import type { Permission, Role } from '../permissions.ts';

/** How often one actor (or, before sign-in, one address) may use an operation; the numbers are in `server/hub/rateLimits.ts`. */
export type RateClass = 'read' | 'write' | 'signIn' | 'chat' | 'typing' | 'upload';

/**
 * One operation of the platform, the only way in. Server, client, OpenAPI document and tests are derived from this.
 * - `kind`: a query changes nothing; a command may, carries a request id, and is executed at most once per (actor, request id).
 * - `roles`: who may use it at all; `'public'` needs no sign-in. Which *resources* is decided by the actor-bound store.
 * - `permission`: what staff must hold beside the role; of other roles it is not asked (`mayUse`).
 * - `sensitive`: the input must not stand in a URL or log, so a query travels as POST.
 * - `audited`: an audit record is written before (intent) and after (outcome).
 * - `transports`: login and refresh set a cookie, so they are HTTP only.
 * - `once`: where a repeat is recognised: in the `stream` it appends to, in the `document` that is named after the request (or is as
 *   asked already), by a `reply` stored at the door, or nowhere because a repeat is `harmless`: it only says again what holds already.
 */
export interface Operation<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> {
  readonly kind: 'query' | 'command';
  readonly summary: string;
  readonly input: I;
  readonly output: O;
  readonly roles: readonly Role[] | 'public';
  readonly permission?: Permission;
  readonly rate: RateClass;
  readonly sensitive?: boolean;
  readonly audited?: boolean;
  readonly transports?: readonly ('http' | 'socket')[];
  readonly once?: 'stream' | 'document' | 'reply' | 'harmless';
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
  readonly permission?: Permission;
  readonly key: z.ZodType<string>;
  readonly snapshot: S;
  readonly event: E;
}
export interface ViewChannel<S extends z.ZodType = z.ZodType> {
  readonly type: 'view';
  readonly summary: string;
  /** `'public'`: for anybody who knows the key, which is then itself the secret. */
  readonly roles: readonly Role[] | 'public';
  readonly permission?: Permission;
  readonly key: z.ZodType<string>;
  readonly state: S;
  /** Changes travel as differences: event `patch`, with what is set anew and what is gone of the record. */
  readonly patched?: true;
}

export function stream<S extends z.ZodType, E extends z.ZodType>(
  c: Omit<StreamChannel<S, E>, 'type'>,
): StreamChannel<S, E> {
  return { type: 'stream', ...c };
}
export function view<S extends z.ZodType>(c: Omit<ViewChannel<S>, 'type'>): ViewChannel<S> {
  return { type: 'view', ...c };
}
/** A view whose state is a record by id, sent whole to a new subscriber and as differences after that. */
export function recordView<V extends z.ZodType>({
  value,
  ...c
}: Omit<ViewChannel, 'type' | 'state' | 'patched'> & { readonly value: V }): ViewChannel<z.ZodRecord<z.ZodUUID, V>> & {
  readonly patched: true;
} {
  return { type: 'view', ...c, state: z.record(z.uuid(), value), patched: true };
}
