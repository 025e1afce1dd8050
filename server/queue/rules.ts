import type { ConsultMode, Priority } from '../../shared/contract/common.ts';
import { AppError } from '../../shared/errors.ts';
import {
  atDesk,
  isActive,
  tokenLabel,
  priorityRank,
  waitingOrder,
  type AlertKind,
  type EntryState,
  type QueueEntry,
  type QueueEventBody,
  type QueueState,
} from '../../shared/state/queue.ts';

/** What must happen because of a queue event; carried out by `effects.ts` here and in `consult/`. */
export type QueueEffect =
  | 'room.open'
  | 'room.close'
  | 'encounter.open'
  | 'encounter.close'
  | 'encounter.void'
  | 'place.release'
  | 'place.transfer'
  | 'desk.close';
export interface QueueEffectRequest {
  readonly kind: QueueEffect;
  readonly data: { readonly entryId?: string; readonly to?: Elsewhere };
}
export type QueueDecision = QueueEventBody & { readonly effects?: readonly QueueEffectRequest[] };

export interface Elsewhere {
  readonly sessionId: string;
  readonly entryId: string;
}

/** A claim on a place, made before the stream is asked. */
export interface Claim {
  readonly entryId: string;
  readonly patientId: string;
  readonly mode: ConsultMode;
  readonly source: 'online' | 'walk-in';
  readonly priority: Priority;
  /** Transferred in: from where, and since when they wait. */
  readonly from?: Elsewhere & { readonly joinedAt: number; readonly checkedInAt?: number | null };
}

/** A desk role as the queue knows it. */
export type DeskRole = 'doctor' | 'staff';

/**
 * Staff run the line; the visit itself is the doctor's. Only at the clinic, where staff stand beside it, may they note
 * that it began or ended. @throws FORBIDDEN
 */
export function requireVisitRole(state: QueueState, entryId: string, role: DeskRole): void {
  if (role === 'staff' && entryOf(state, entryId).mode === 'video') {
    throw new AppError('FORBIDDEN', 'only the doctor begins and ends a video visit');
  }
}

/** As {@link requireVisitRole}, for what may also be done to somebody who only waits. */
export function requireVisitRoleInside(state: QueueState, entryId: string, role: DeskRole): void {
  if (entryOf(state, entryId).state === 'in-consultation') requireVisitRole(state, entryId, role);
}

/** Skips that make a no-show. */
const skipsAllowed = 3;

export const effects = (entryId: string, ...kinds: readonly QueueEffect[]): QueueEffectRequest[] =>
  kinds.map((kind) => ({ kind, data: { entryId } }));

/** Gives the next token. @throws CONFLICT when this claim is already in the queue; SESSION_CLOSED. */
export function join(state: QueueState, claim: Claim): QueueDecision {
  if (state.entries[claim.entryId]) throw new AppError('CONFLICT', 'this place is already taken up');
  requireOpen(state);
  return { type: 'joined', data: { ...claim, token: state.nextToken } };
}

export function checkIn(state: QueueState, entryId: string, via: 'qr' | 'desk' | 'waiting-room'): QueueDecision {
  const entry = requireState(entryOf(state, entryId), 'waiting', 'on-hold', 'skipped', 'called');
  if (entry.checkedInAt !== null) throw wrongState(entry, 'is already checked in');
  return { type: 'checked-in', data: { entryId, via } };
}

/**
 * Calls whoever is next. `seen` is the entry called last as the caller knew it.
 * @throws QUEUE_MOVED when somebody else called meanwhile; DESK_PAUSED; CALLED_WAITING when a called patient has not been
 *   started (recall, skip, or wait); IN_CONSULTATION; QUEUE_EMPTY.
 */
export function callNext(state: QueueState, seen: string | null): QueueDecision {
  requireTurn(state, seen);
  const next = waitingOrder(state)[0];
  if (!next) throw new AppError('QUEUE_EMPTY', 'nobody is waiting');
  return called(state, next);
}

/** Calls this one out of turn. Throws as {@link callNext}. */
export function call(state: QueueState, entryId: string, seen: string | null): QueueDecision {
  const entry = entryOf(state, entryId);
  requireTurn(state, seen);
  return called(state, requireState(entry, 'waiting', 'on-hold', 'skipped'));
}

/** Repeats the call of who is called; calls a skipped patient (back) when the desk is free. */
export function recall(state: QueueState, entryId: string): QueueDecision {
  const entry = entryOf(state, entryId);
  if (entry.state === 'called') return { type: 'recalled', data: { entryId } };
  requireState(entry, 'skipped');
  requireWorking(state);
  requireFreeDesk(state);
  return called(state, entry);
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
    effects: effects(entryId, ...visitEnds(entry), 'place.release'),
  };
}

/** Sets a called patient aside; the place stays theirs and may be recalled. The third time it is a no-show. */
export function skip(state: QueueState, entryId: string): QueueDecision {
  const entry = requireState(entryOf(state, entryId), 'called');
  if (entry.skips + 1 >= skipsAllowed) return noShow(state, entryId);
  return { type: 'skipped', data: { entryId }, effects: effects(entryId, ...roomEnds(entry)) };
}

export function noShow(state: QueueState, entryId: string): QueueDecision {
  const entry = requireState(entryOf(state, entryId), 'waiting', 'called', 'skipped');
  return { type: 'no-show', data: { entryId }, effects: effects(entryId, ...visitEnds(entry), 'place.release') };
}

/** Out of the line for a while, also in the middle of a visit (a test, an X-ray); the place is kept. */
export function hold(state: QueueState, entryId: string): QueueDecision {
  const entry = requireState(entryOf(state, entryId), 'waiting', 'called', 'in-consultation');
  return { type: 'held', data: { entryId }, effects: effects(entryId, ...roomEnds(entry)) };
}

export function resume(state: QueueState, entryId: string): QueueDecision {
  requireState(entryOf(state, entryId), 'on-hold');
  return { type: 'resumed', data: { entryId } };
}

/** Back into the line at place `position` (1 = next), or the first one after those of a higher priority. */
export function requeue(state: QueueState, entryId: string, position: number): QueueDecision {
  const entry = requireState(entryOf(state, entryId), 'waiting', 'called', 'skipped', 'on-hold');
  const others = waitingOrder(state).filter((other) => other.id !== entryId);
  const before = others.filter((other) => priorityRank[other.priority] < priorityRank[entry.priority]).length;
  const same = others.filter((other) => other.priority === entry.priority).length;
  const index = Math.min(Math.max(position - 1 - before, 0), same);
  return { type: 'requeued', data: { entryId, index }, effects: effects(entryId, ...roomEnds(entry)) };
}

/** Takes an entry off the list for good; whoever was set aside in the middle of a visit has had it. */
export function cancel(state: QueueState, entryId: string): QueueDecision {
  const entry = requireState(entryOf(state, entryId), 'waiting', 'called', 'skipped', 'on-hold');
  return { type: 'cancelled', data: { entryId }, effects: effects(entryId, ...visitEnds(entry), 'place.release') };
}

export function prioritise(state: QueueState, entryId: string, priority: Priority): QueueDecision {
  requireState(entryOf(state, entryId), 'waiting', 'called', 'skipped', 'on-hold');
  return { type: 'prioritised', data: { entryId, priority } };
}

export function triage(state: QueueState, entryId: string, priority: Priority): QueueDecision {
  requireState(entryOf(state, entryId), 'waiting', 'called', 'skipped', 'on-hold', 'in-consultation');
  return { type: 'triaged', data: { entryId, priority } };
}

export function acknowledge(state: QueueState, entryId: string, alert: AlertKind): QueueDecision {
  const entry = entryOf(state, entryId);
  if (!isActive(entry.state) || entry.acknowledged.includes(alert)) throw wrongState(entry, 'has no such alert');
  return { type: 'acknowledged', data: { entryId, alert } };
}

/** Sends an entry to another desk. The other desk's `joined` is the pending step, carried out by the effect. */
export function transfer(state: QueueState, entryId: string, to: Elsewhere): QueueDecision {
  const entry = entryOf(state, entryId);
  requireState(entry, 'waiting', 'called', 'skipped', 'on-hold', 'in-consultation');
  return {
    type: 'transferred',
    data: { entryId, to },
    effects: [...effects(entryId, ...visitEnds(entry)), { kind: 'place.transfer', data: { entryId, to } }],
  };
}

/** The other desk could not take them: waiting here again, or off the list when this desk has closed too. */
export function transferFailed(state: QueueState, entryId: string): QueueDecision {
  requireState(entryOf(state, entryId), 'transferred');
  return { type: state.closedAt === null ? 'returned' : 'cancelled', data: { entryId } };
}

/** States in which the desk is busy with somebody. */
export const busyStates: readonly EntryState[] = ['called', 'in-consultation'];

/** Only who was called into a video visit has a room to close. */
function roomEnds(entry: QueueEntry): QueueEffect[] {
  return entry.mode === 'video' && busyStates.includes(entry.state) ? ['room.close'] : [];
}

/** What ends for whoever leaves for good: the visit that was begun, and the room. */
export function visitEnds(entry: QueueEntry): QueueEffect[] {
  return [...(entry.encounterId === null ? [] : (['encounter.close'] as const)), ...roomEnds(entry)];
}

function called(state: QueueState, entry: QueueEntry): QueueDecision {
  const inTurn = waitingOrder(state)[0]?.id === entry.id;
  const data = inTurn ? { entryId: entry.id } : { entryId: entry.id, turn: false as const };
  return entry.mode === 'video'
    ? { type: 'called', data, effects: effects(entry.id, 'room.open') }
    : { type: 'called', data };
}

export function entryOf(state: QueueState, entryId: string): QueueEntry {
  const entry = state.entries[entryId];
  if (!entry) throw new AppError('NOT_FOUND', 'no such entry in this queue');
  return entry;
}

function requireState(entry: QueueEntry, ...allowed: readonly EntryState[]): QueueEntry {
  if (allowed.includes(entry.state)) return entry;
  throw wrongState(entry, `is ${entry.state}`);
}

function wrongState(entry: QueueEntry, what: string): AppError {
  return new AppError('WRONG_STATE', `${tokenLabel(entry.token)} ${what}`, { entryId: entry.id, state: entry.state });
}

export function requireOpen(state: QueueState): void {
  if (state.closedAt !== null) throw new AppError('SESSION_CLOSED', 'this desk session is closed');
}

function requireTurn(state: QueueState, seen: string | null): void {
  if (state.current !== seen) throw new AppError('QUEUE_MOVED', 'somebody was called meanwhile');
  requireOpen(state);
  requireFreeDesk(state);
  requireWorking(state);
}

function requireWorking(state: QueueState): void {
  if (state.pause) throw new AppError('DESK_PAUSED', 'the desk is on a break', { until: state.pause.until });
}

export function requireFreeDesk(state: QueueState): void {
  const busy = atDesk(state);
  if (!busy) return;
  const details = { entryId: busy.id, token: tokenLabel(busy.token) };
  if (busy.state === 'called') {
    throw new AppError('CALLED_WAITING', 'the called patient has not come yet: recall, skip, or wait', details);
  }
  throw new AppError('IN_CONSULTATION', 'finish the consultation first', details);
}
