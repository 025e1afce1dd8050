import { AppError } from '../../shared/errors.ts';
import { isActive, type QueueEntry, type QueueState } from '../../shared/state/queue.ts';
import {
  busyStates,
  effects,
  entryOf,
  requireFreeDesk,
  requireOpen,
  requireVisitRole,
  type DeskRole,
  type QueueDecision,
  type QueueEffect,
} from './rules.ts';

const undoWithinMs = 5 * 60_000;

/**
 * Takes back the last event about an entry, `undoes`: a compensating event, history stays.
 * @throws NOT_UNDOABLE when something happened to it since, it is too late, or the kind cannot be taken back;
 *   CALLED_WAITING and IN_CONSULTATION when it would bring a second patient to the desk.
 */
export function undo(state: QueueState, entryId: string, undoes: number, now: number): QueueDecision {
  const entry = entryOf(state, entryId);
  requireOpen(state);
  const { undo: last } = entry;
  if (last?.seq !== undoes) throw new AppError('NOT_UNDOABLE', 'something else happened to this entry since');
  if (now - last.at > undoWithinMs) throw new AppError('NOT_UNDOABLE', 'only within five minutes');
  const back = { ...entry, ...last.was };
  if (busyStates.includes(back.state) && !busyStates.includes(entry.state)) requireFreeDesk(state);
  return { type: 'undone', data: { entryId, undoes }, effects: effects(entryId, ...undoEffects(entry, back)) };
}

/** What taking back makes necessary, from how the entry is to how it was. */
function undoEffects(from: QueueEntry, to: QueueEntry): QueueEffect[] {
  const found: QueueEffect[] = [];
  if (from.encounterId !== null && to.encounterId === null) found.push('encounter.void');
  else if (to.encounterId !== null && isActive(to.state) && !isActive(from.state)) found.push('encounter.open');
  if (from.mode !== 'video') return found;
  const inRoom = (entry: QueueEntry): boolean => busyStates.includes(entry.state);
  if (inRoom(to) && !inRoom(from)) found.push('room.open');
  if (!inRoom(to) && inRoom(from)) found.push('room.close');
  return found;
}

/** Whether taking back this entry's last event makes its place count again (and needs the claim first). */
export function undoReclaims(entry: QueueEntry): boolean {
  return entry.undo !== null && !isActive(entry.state) && isActive({ ...entry, ...entry.undo.was }.state);
}

/** Taking back into or out of a visit is as much the doctor's as the visit. @throws FORBIDDEN */
export function requireUndoRole(state: QueueState, entryId: string, role: DeskRole): void {
  const entry = entryOf(state, entryId);
  const visits = [entry, { ...entry, ...entry.undo?.was }].some((one) => one.state === 'in-consultation');
  if (visits || entry.undo?.type === 'finished') requireVisitRole(state, entryId, role);
}
