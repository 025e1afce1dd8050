import type { ConsultMode, Priority } from '../../shared/contract/common.ts';
import { AppError } from '../../shared/errors.ts';
import {
  atDesk,
  tokenLabel,
  waitingOrder,
  type EntryState,
  type QueueEntry,
  type QueueEventBody,
  type QueueState,
} from '../../shared/state/queue.ts';

/** What must happen because of a queue event; carried out by `effects.ts` here and in `consult/`. */
export type QueueEffect = 'room.open' | 'room.close' | 'encounter.open' | 'encounter.close' | 'place.release';
export type QueueDecision = QueueEventBody & {
  readonly effects?: readonly { readonly kind: QueueEffect; readonly data: { readonly entryId: string } }[];
};

/** A claim on a place, made before the stream is asked. */
export interface Claim {
  readonly entryId: string;
  readonly patientId: string;
  readonly mode: ConsultMode;
  readonly source: 'online' | 'walk-in';
  readonly priority: Priority;
}

const effects = (entryId: string, ...kinds: readonly QueueEffect[]) =>
  kinds.map((kind) => ({ kind, data: { entryId } }));

/** Gives the next token. @throws CONFLICT when this claim is already in the queue. */
export function join(state: QueueState, claim: Claim): QueueDecision {
  if (state.entries[claim.entryId]) throw new AppError('CONFLICT', 'this place is already taken up');
  return { type: 'joined', data: { ...claim, token: state.nextToken } };
}

/**
 * Calls whoever is next. `seen` is the entry called last as the caller knew it.
 * @throws QUEUE_MOVED when somebody else called meanwhile; CALLED_WAITING when a called patient has not been started
 *   (recall, skip, or wait); IN_CONSULTATION; QUEUE_EMPTY.
 */
export function callNext(state: QueueState, seen: string | null): QueueDecision {
  if (state.current !== seen) throw new AppError('QUEUE_MOVED', 'somebody was called meanwhile');
  requireFreeDesk(state);
  const next = waitingOrder(state)[0];
  if (!next) throw new AppError('QUEUE_EMPTY', 'nobody is waiting');
  return called(next);
}

/** Repeats the call of who is called; calls a skipped patient (back) when the desk is free. */
export function recall(state: QueueState, entryId: string): QueueDecision {
  const entry = entryOf(state, entryId);
  if (entry.state === 'called') return { type: 'recalled', data: { entryId } };
  requireState(entry, 'skipped');
  requireFreeDesk(state);
  return called(entry);
}

export function start(state: QueueState, entryId: string, encounterId: string): QueueDecision {
  requireState(entryOf(state, entryId), 'called');
  return { type: 'started', data: { entryId, encounterId }, effects: effects(entryId, 'encounter.open') };
}

export function finish(state: QueueState, entryId: string): QueueDecision {
  const entry = requireState(entryOf(state, entryId), 'in-consultation');
  return {
    type: 'finished',
    data: { entryId },
    effects: effects(entryId, 'encounter.close', ...roomEnds(entry), 'place.release'),
  };
}

/** Sets a called patient aside; the place stays theirs and may be recalled. */
export function skip(state: QueueState, entryId: string): QueueDecision {
  const entry = requireState(entryOf(state, entryId), 'called');
  return { type: 'skipped', data: { entryId }, effects: effects(entryId, ...roomEnds(entry)) };
}

/** Takes an entry off the list for good, before its consultation. */
export function cancel(state: QueueState, entryId: string): QueueDecision {
  const entry = requireState(entryOf(state, entryId), 'waiting', 'called', 'skipped');
  return { type: 'cancelled', data: { entryId }, effects: effects(entryId, ...roomEnds(entry), 'place.release') };
}

export function prioritise(state: QueueState, entryId: string, priority: Priority): QueueDecision {
  requireState(entryOf(state, entryId), 'waiting', 'called', 'skipped');
  return { type: 'prioritised', data: { entryId, priority } };
}

/** Only who was called into a video visit has a room to close. */
function roomEnds(entry: QueueEntry): QueueEffect[] {
  return entry.mode === 'video' && entry.calledAt !== null ? ['room.close'] : [];
}

function called(entry: QueueEntry): QueueDecision {
  const data = { entryId: entry.id };
  return entry.mode === 'video'
    ? { type: 'called', data, effects: effects(entry.id, 'room.open') }
    : { type: 'called', data };
}

function entryOf(state: QueueState, entryId: string): QueueEntry {
  const entry = state.entries[entryId];
  if (!entry) throw new AppError('NOT_FOUND', 'no such entry in this queue');
  return entry;
}

function requireState(entry: QueueEntry, ...allowed: readonly EntryState[]): QueueEntry {
  if (allowed.includes(entry.state)) return entry;
  throw new AppError('WRONG_STATE', `${tokenLabel(entry.token)} is ${entry.state}`, {
    entryId: entry.id,
    state: entry.state,
  });
}

function requireFreeDesk(state: QueueState): void {
  const busy = atDesk(state);
  if (!busy) return;
  const details = { entryId: busy.id, token: tokenLabel(busy.token) };
  if (busy.state === 'called') {
    throw new AppError('CALLED_WAITING', 'the called patient has not come yet: recall, skip, or wait', details);
  }
  throw new AppError('IN_CONSULTATION', 'finish the consultation first', details);
}
