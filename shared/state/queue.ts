import { z } from 'zod';
import { consultMode, id, instant, priority } from '../contract/common.ts';
import { assertUnreachable } from '../errors.ts';
import {
  alertKind,
  entryElsewhere,
  entryState,
  pauseReason,
  type DeskEvent,
  type EntryEvent,
  type EntryState,
  type QueueEvent,
} from './queueEvents.ts';

export * from './queueEvents.ts';

/**
 * The queue of one desk session: what its events add up to. The same reducer runs in hub and browser; the law
 * `fold(all events) == snapshot + later events` is tested with generated histories.
 * Holds ids and codes only: names and reasons come from the directory view, so that a rename or an erasure breaks nothing.
 */
const entryFields = z.object({
  id,
  patientId: id,
  /** Gapless number within the session, from 1; shown as `A-017`. */
  token: z.int().positive(),
  mode: consultMode,
  source: z.enum(['online', 'walk-in']),
  priority,
  state: entryState,
  /** Place among those of the same priority, lower first. Arrival (the joining event's seq) unless moved; never twice. */
  order: z.int().positive(),
  /** For who was transferred in: since when they have been waiting at the first desk. */
  joinedAt: instant,
  calledAt: instant.nullable(),
  startedAt: instant.nullable(),
  endedAt: instant.nullable(),
  checkedInAt: instant.nullable(),
  triagedAt: instant.nullable(),
  heldAt: instant.nullable(),
  /** The visit that began with `started`. */
  encounterId: id.nullable(),
  /** Seq of the last call or repeated call: each is announced. 0 before the first. */
  call: z.int().nonnegative(),
  /** How often the call was repeated since the last `called`. */
  recalls: z.int().nonnegative(),
  skips: z.int().nonnegative(),
  /** Alerts about this entry that somebody has taken care of. */
  acknowledged: z.array(alertKind),
  from: entryElsewhere.nullable(),
  to: entryElsewhere.nullable(),
});
type EntryFields = z.infer<typeof entryFields>;

export const queueEntry = entryFields.extend({
  /** The last event about this entry and the fields as they were before it; null when it cannot be taken back. */
  undo: z
    .object({
      seq: z.int().positive(),
      at: instant,
      type: z.string(),
      was: entryFields.partial(),
      /** Where it stood among its class before it was moved. */
      index: z.int().nonnegative().optional(),
    })
    .nullable(),
});
export type QueueEntry = z.infer<typeof queueEntry>;

export const queueState = z.object({
  entries: z.record(id, queueEntry),
  nextToken: z.int().positive(),
  /** The entry called last; stays after its visit ends, so that a stale caller is always recognised. */
  current: id.nullable(),
  /** While the desk is on a break; `until` as announced, null when open-ended. */
  pause: z.object({ reason: pauseReason, since: instant, until: instant.nullable() }).nullable(),
  closedAt: instant.nullable(),
});
export type QueueState = z.infer<typeof queueState>;

export const emptyQueue: QueueState = { entries: {}, nextToken: 1, current: null, pause: null, closedAt: null };

/** The state after one event. Pure: never changes its argument. An event about an unknown entry changes nothing. */
export function reduceQueue(state: QueueState, event: QueueEvent): QueueState {
  switch (event.type) {
    case 'desk-paused':
    case 'desk-resumed':
    case 'desk-closed':
      return reduceDesk(state, event);
    case 'joined':
      return join(state, event);
    default:
      return reduceEntry(state, event);
  }
}

function reduceDesk(state: QueueState, event: DeskEvent): QueueState {
  switch (event.type) {
    case 'desk-paused':
      return { ...state, pause: { ...event.data, since: event.at } };
    case 'desk-resumed':
      return { ...state, pause: null };
    case 'desk-closed': {
      const entries = { ...state.entries };
      for (const entry of Object.values(entries)) {
        if (!isActive(entry.state)) continue;
        const to = event.data.moved[entry.id] ?? null;
        const ends: EntryState = to ? 'transferred' : entry.state === 'skipped' ? 'no-show' : 'cancelled';
        entries[entry.id] = { ...entry, state: ends, to, endedAt: event.at, undo: null };
      }
      return { ...state, entries, pause: null, closedAt: event.at };
    }
    default:
      return assertUnreachable(event);
  }
}

function join(state: QueueState, event: Extract<QueueEvent, { type: 'joined' }>): QueueState {
  const { entryId, patientId, token, mode, source, priority, from } = event.data;
  const entry: QueueEntry = {
    id: entryId,
    patientId,
    token,
    mode,
    source,
    priority,
    state: 'waiting',
    order: event.seq,
    joinedAt: from?.joinedAt ?? event.at,
    calledAt: null,
    startedAt: null,
    endedAt: null,
    checkedInAt: from?.checkedInAt ?? (source === 'walk-in' ? event.at : null),
    triagedAt: null,
    heldAt: null,
    encounterId: null,
    call: 0,
    recalls: 0,
    skips: 0,
    acknowledged: [],
    from: from ? { sessionId: from.sessionId, entryId: from.entryId } : null,
    to: null,
    undo: null,
  };
  const entries = { ...state.entries, [entryId]: entry };
  const joined = { ...state, entries, nextToken: Math.max(state.nextToken, token + 1) };
  if (!from) return joined;
  // Whoever was transferred keeps the time already waited: before those of the same priority who came later.
  const index = sameClass(joined, entry).filter((other) => other.joinedAt <= entry.joinedAt).length;
  return { ...joined, entries: moveTo(joined, entry, index) };
}

function reduceEntry(state: QueueState, event: Exclude<EntryEvent, { type: 'joined' }>): QueueState {
  const entry = state.entries[event.data.entryId];
  if (!entry) return state;
  if (event.type === 'undone') return takeBack(state, entry);
  const fields = change(entry, event);
  const changed = { ...entry, ...fields, undo: undoOf(state, entry, event, fields) };
  const next = { ...state, entries: { ...state.entries, [entry.id]: changed } };
  if (event.type === 'called') return { ...next, current: entry.id };
  return event.type === 'requeued' ? { ...next, entries: moveTo(next, changed, event.data.index) } : next;
}

function change(entry: QueueEntry, event: Exclude<EntryEvent, { type: 'joined' | 'undone' }>): Partial<EntryFields> {
  switch (event.type) {
    case 'checked-in':
      return { checkedInAt: event.at };
    case 'called':
      return { state: 'called', calledAt: event.at, call: event.seq, recalls: 0, heldAt: null };
    case 'recalled':
      return { call: event.seq, recalls: entry.recalls + 1 };
    case 'started':
      return { state: 'in-consultation', startedAt: event.at, encounterId: event.data.encounterId };
    case 'finished':
      return { state: 'done', endedAt: event.at };
    case 'skipped':
      return { state: 'skipped', skips: entry.skips + 1 };
    case 'no-show':
      return { state: 'no-show', endedAt: event.at };
    case 'held':
      return { state: 'on-hold', heldAt: event.at };
    case 'resumed':
      return { state: 'waiting', heldAt: null };
    case 'requeued':
      return { state: 'waiting', heldAt: null };
    case 'prioritised':
      return { priority: event.data.priority };
    case 'triaged':
      return { priority: event.data.priority, triagedAt: event.at };
    case 'acknowledged':
      return { acknowledged: [...new Set([...entry.acknowledged, event.data.alert])] };
    case 'transferred':
      return { state: 'transferred', endedAt: event.at, to: event.data.to };
    case 'returned':
      return { state: 'waiting', endedAt: null, to: null };
    case 'cancelled':
      return { state: 'cancelled', endedAt: event.at, to: null };
    default:
      return assertUnreachable(event);
  }
}

/** Events that a desk may take back: those that only this desk's queue knows of. */
const undoableTypes = new Set<QueueEvent['type']>([
  'called',
  'started',
  'finished',
  'skipped',
  'no-show',
  'held',
  'resumed',
  'requeued',
  'prioritised',
  'cancelled',
]);

function undoOf(
  state: QueueState,
  entry: QueueEntry,
  event: EntryEvent,
  fields: Partial<EntryFields>,
): QueueEntry['undo'] {
  if (event.type === 'acknowledged') return entry.undo;
  if (!undoableTypes.has(event.type)) return null;
  const was: Partial<EntryFields> = {};
  for (const name of fieldNames) if (name in fields) copyField(was, entry, name);
  const undo = { seq: event.seq, at: event.at, type: event.type, was };
  if (event.type !== 'requeued') return undo;
  return { ...undo, index: sameClass(state, entry).filter((other) => other.order < entry.order).length };
}

const fieldNames = entryFields.keyof().options;

function copyField<K extends keyof EntryFields>(to: Partial<EntryFields>, from: EntryFields, name: K): void {
  to[name] = from[name];
}

function takeBack(state: QueueState, entry: QueueEntry): QueueState {
  if (!entry.undo) return state;
  const { was, index } = entry.undo;
  const back: QueueEntry = { ...entry, ...was, undo: null };
  const next = { ...state, entries: { ...state.entries, [entry.id]: back } };
  // The order numbers were dealt out anew by the move: it goes back to where it stood, not to its old number.
  return index === undefined ? next : { ...next, entries: moveTo(next, back, index) };
}

/** Everybody else who waits with the same priority, in order. */
function sameClass(state: QueueState, entry: QueueEntry): QueueEntry[] {
  return waitingOrder(state).filter((other) => other.id !== entry.id && other.priority === entry.priority);
}

/** Puts an entry at an index among its class. The same order numbers are dealt out again, so none is ever there twice. */
function moveTo(state: QueueState, entry: QueueEntry, index: number): QueueState['entries'] {
  const line = sameClass(state, entry);
  const numbers = [...line, entry].map((one) => one.order).sort((a, b) => a - b);
  line.splice(Math.min(index, line.length), 0, entry);
  const entries = { ...state.entries };
  line.forEach((one, i) => (entries[one.id] = { ...one, order: numbers[i] ?? one.order }));
  return entries;
}

/** States in which somebody is still in the queue (and may be in no other). */
export function isActive(state: EntryState): boolean {
  return (
    state === 'waiting' ||
    state === 'called' ||
    state === 'in-consultation' ||
    state === 'on-hold' ||
    state === 'skipped'
  );
}

/** Who goes first: the lower number. */
export const priorityRank = { emergency: 0, urgent: 1, normal: 2 } as const;

/** Everyone waiting, in the order in which they will be called: emergencies, then urgent, then arrival unless moved. */
export function waitingOrder(state: QueueState): QueueEntry[] {
  return Object.values(state.entries)
    .filter((entry) => entry.state === 'waiting')
    .sort((a, b) => priorityRank[a.priority] - priorityRank[b.priority] || a.order - b.order);
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
