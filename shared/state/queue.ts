import { z } from 'zod';
import { consultMode, id, instant, priority } from '../contract/common.ts';
import { assertUnreachable } from '../errors.ts';

/**
 * The queue of one desk session: what its events are and what they add up to. The same reducer runs in hub and browser;
 * the law `fold(all events) == snapshot + later events` is tested with generated histories.
 * Holds ids and codes only: names and reasons come from the directory view, so that a rename or an erasure breaks nothing.
 */
export const entryState = z.enum(['waiting', 'called', 'in-consultation', 'done', 'skipped', 'cancelled']);
export type EntryState = z.infer<typeof entryState>;

export const queueEntry = z.object({
  id,
  patientId: id,
  /** Gapless number within the session, from 1; shown as `A-017`. */
  token: z.int().positive(),
  mode: consultMode,
  source: z.enum(['online', 'walk-in']),
  priority,
  state: entryState,
  /** Seq of the joining event: arrival order. */
  arrival: z.int().positive(),
  joinedAt: instant,
  calledAt: instant.nullable(),
  startedAt: instant.nullable(),
  endedAt: instant.nullable(),
  /** The visit that began with `started`. */
  encounterId: id.nullable(),
  /** How often the call was repeated since the last `called`. */
  recalls: z.int().nonnegative(),
  skips: z.int().nonnegative(),
});
export type QueueEntry = z.infer<typeof queueEntry>;

export const queueState = z.object({
  entries: z.record(id, queueEntry),
  nextToken: z.int().positive(),
  /** The entry called last; stays after its visit ends, so that a stale caller is always recognised. */
  current: id.nullable(),
});
export type QueueState = z.infer<typeof queueState>;

const envelope = { seq: z.int().positive(), at: instant, v: z.literal(1) };
const ofEntry = z.object({ entryId: id });
const event = <T extends string, D extends z.ZodType>(type: T, data: D) =>
  z.object({ ...envelope, type: z.literal(type), data });

export const queueEvent = z.discriminatedUnion('type', [
  event(
    'joined',
    z.object({
      entryId: id,
      patientId: id,
      token: z.int().positive(),
      mode: consultMode,
      source: z.enum(['online', 'walk-in']),
      priority,
    }),
  ),
  event('called', ofEntry),
  event('recalled', ofEntry),
  event('started', z.object({ entryId: id, encounterId: id })),
  event('finished', ofEntry),
  event('skipped', ofEntry),
  event('cancelled', ofEntry),
  event('prioritised', z.object({ entryId: id, priority })),
]);
export type QueueEvent = z.infer<typeof queueEvent>;
export type QueueEventBody = QueueEvent extends infer E
  ? E extends QueueEvent
    ? Pick<E, 'type' | 'data'>
    : never
  : never;

export const emptyQueue: QueueState = { entries: {}, nextToken: 1, current: null };

/** The state after one event. Pure: never changes its argument. An event about an unknown entry changes nothing. */
export function reduceQueue(state: QueueState, event: QueueEvent): QueueState {
  if (event.type === 'joined') {
    const { entryId, patientId, token, mode, source, priority } = event.data;
    const entry: QueueEntry = {
      id: entryId,
      patientId,
      token,
      mode,
      source,
      priority,
      state: 'waiting',
      arrival: event.seq,
      joinedAt: event.at,
      calledAt: null,
      startedAt: null,
      endedAt: null,
      encounterId: null,
      recalls: 0,
      skips: 0,
    };
    return {
      ...state,
      entries: { ...state.entries, [entryId]: entry },
      nextToken: Math.max(state.nextToken, token + 1),
    };
  }
  const entry = state.entries[event.data.entryId];
  if (!entry) return state;
  const next = { ...state, entries: { ...state.entries, [entry.id]: { ...entry, ...change(entry, event) } } };
  return event.type === 'called' ? { ...next, current: entry.id } : next;
}

function change(entry: QueueEntry, event: Exclude<QueueEvent, { type: 'joined' }>): Partial<QueueEntry> {
  switch (event.type) {
    case 'called':
      return { state: 'called', calledAt: event.at, recalls: 0 };
    case 'recalled':
      return { recalls: entry.recalls + 1 };
    case 'started':
      return { state: 'in-consultation', startedAt: event.at, encounterId: event.data.encounterId };
    case 'finished':
      return { state: 'done', endedAt: event.at };
    case 'skipped':
      return { state: 'skipped', skips: entry.skips + 1 };
    case 'cancelled':
      return { state: 'cancelled', endedAt: event.at };
    case 'prioritised':
      return { priority: event.data.priority };
    default:
      return assertUnreachable(event);
  }
}

/** States in which somebody is still in the queue (and may be in no other). */
export function isActive(state: EntryState): boolean {
  return state === 'waiting' || state === 'called' || state === 'in-consultation' || state === 'skipped';
}

const rank = { emergency: 0, urgent: 1, normal: 2 } as const;

/** Everyone waiting, in the order in which they will be called: emergencies, then urgent, then arrival. */
export function waitingOrder(state: QueueState): QueueEntry[] {
  return Object.values(state.entries)
    .filter((entry) => entry.state === 'waiting')
    .sort((a, b) => rank[a.priority] - rank[b.priority] || a.arrival - b.arrival);
}

/** Whom the desk is busy with: called or in consultation; at most one. */
export function atDesk(state: QueueState): QueueEntry | null {
  return (
    Object.values(state.entries).find((entry) => entry.state === 'called' || entry.state === 'in-consultation') ?? null
  );
}

/** `A-017`: what the board shows and the voice speaks. */
export function tokenLabel(token: number, prefix = 'A'): string {
  return `${prefix}-${String(token).padStart(3, '0')}`;
}
