import type { z } from 'zod';

/** A stream's event as everyone outside the store sees it; `seq` counts from 1 without holes. */
export interface StreamEvent {
  readonly seq: number;
  /** UTC ms; never runs backwards within a stream. */
  readonly at: number;
  readonly v: number;
  readonly type: string;
  readonly data: unknown;
}

/** What a command decided: one event, and what must happen because of it (see `Effects`). */
export interface Decision<E extends StreamEvent> {
  readonly type: E['type'];
  readonly data: E['data'];
  readonly effects?: readonly EffectRequest[];
}

/** A side effect that is stored inside its event, so that it can neither be lost nor run without it. */
export interface EffectRequest {
  readonly kind: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** One kind of stream: how its events look today, how older ones are brought up to date, and what they add up to. */
export interface StreamKind<S, E extends StreamEvent> {
  readonly name: string;
  readonly event: z.ZodType<E>;
  readonly empty: S;
  reduce(state: S, event: E): S;
  /** Brings a stored event of any older version to the newest, before it is parsed. */
  upcast(raw: StreamEvent): StreamEvent;
  /** How many of the newest events are kept in memory; all when absent (then `empty` is the true start). */
  readonly window?: number;
  /** Marks a state that starts after the beginning because of `window`. */
  truncated?(state: S): S;
}

/** Who asked for what: makes a repeat recognisable and the log answerable. */
export interface Command {
  /** `actor:requestId`; at most one event per stream carries it. */
  readonly key: string;
  readonly accountId: string;
  readonly role: string;
}

/** A stream as it stands. */
export interface Loaded<S> {
  readonly epoch: number;
  readonly seq: number;
  readonly state: S;
}

/** The outcome of a command: its event, the state right after it, and whether it had happened before. */
export interface Committed<S, E> extends Loaded<S> {
  readonly event: E;
  readonly replayed: boolean;
}

/** Told after every commit, in order, also of events that another hub wrote. */
export interface CommitNotice<S, E extends StreamEvent> extends Loaded<S> {
  readonly kind: string;
  readonly key: string;
  readonly events: readonly E[];
}
