import type { OperationName } from '../../../shared/contract/index.ts';
import { atDesk, waitingOrder, type QueueEntry, type QueueState } from '../../../shared/state/queue.ts';
import type { Random } from './random.ts';

/** A command somebody might give, from what they see: mostly sensible, sometimes late, now and then nonsense. */
export interface Wish {
  readonly name: OperationName;
  readonly input: Readonly<Record<string, unknown>>;
  /** The stream it appends to when it succeeds. */
  readonly stream: string;
}

export interface DeskView {
  readonly random: Random;
  readonly sessionId: string;
  /** Desks somebody could be sent to. */
  readonly others: readonly string[];
  readonly state: QueueState;
  readonly role: 'doctor' | 'staff';
  readonly now: number;
  /** How many may wait before nobody more is registered. */
  readonly crowd: number;
}

type Choice = readonly [weight: number, make: () => Wish];

/** What a doctor or the staff does next at this desk. */
export function deskWish(view: DeskView): Wish {
  const { random, sessionId, state, role, others, now } = view;
  const wish = (name: OperationName, more: Record<string, unknown> = {}): Wish => ({
    name,
    input: { sessionId, ...more },
    stream: `queue:${sessionId}`,
  });
  const busy = atDesk(state);
  const waiting = waitingOrder(state);
  const all = Object.values(state.entries);
  const aside = all.filter((entry) => entry.state === 'on-hold' || entry.state === 'skipped');
  const undoable = all.filter((entry) => entry.undo !== null);
  const choices: Choice[] = [];
  const may = (weight: number, make: () => Wish): void => void choices.push([weight, make]);
  const about = (weight: number, name: OperationName, entry: QueueEntry | undefined, more = {}): void => {
    if (entry) may(weight, () => wish(name, { entryId: entry.id, ...more }));
  };
  const priority = (): string => random.pick(['normal', 'urgent', 'emergency']) ?? 'normal';
  const one = random.pick(waiting);
  const other = random.pick(aside);
  const to = random.pick(others);

  if (state.closedAt !== null) return wish('queue.addWalkIn', walkIn(random));
  if (waiting.length < view.crowd) may(role === 'staff' ? 6 : 1, () => wish('queue.addWalkIn', walkIn(random)));
  may(busy ? 0.5 : 6, () => wish('queue.callNext', { seen: state.current }));
  about(busy ? 0.1 : 1, 'queue.call', one ?? other, { seen: state.current });
  if (busy?.state === 'called') {
    about(6, 'queue.start', busy);
    about(1.5, 'queue.skip', busy);
    about(1, 'queue.recall', busy);
    about(0.5, 'queue.noShow', busy);
    about(0.5, 'queue.hold', busy);
  } else if (busy) {
    about(6, 'queue.finish', busy);
    about(1, 'queue.hold', busy);
    about(0.5, 'queue.transfer', busy, { toSessionId: to });
  }
  about(1, 'queue.prioritise', one, { priority: priority() });
  about(0.7, 'queue.cancel', one ?? other);
  about(0.7, 'queue.hold', one);
  about(0.7, 'queue.markArrived', one);
  about(0.4, 'queue.acknowledge', one, { alert: random.pick(['arrival', 'urgent', 'long-wait']) });
  about(0.7, 'queue.requeue', one ?? other, { position: random.int(1, 4) });
  if (to !== undefined) about(1.2, 'queue.transfer', one ?? other, { toSessionId: to });
  if (other?.state === 'on-hold') about(2, 'queue.resume', other);
  if (other?.state === 'skipped') about(1.5, 'queue.recall', other);
  about(0.3, 'queue.noShow', other ?? one);
  const back = random.pick(undoable);
  if (back?.undo) about(1.5, 'queue.undo', back, { undoes: back.undo.seq });
  if (state.pause) may(4, () => wish('queue.unpause'));
  else may(0.3, () => wish('queue.pause', { reason: 'break', until: random.chance(0.5) ? null : now + 600_000 }));
  if (all.length > 3) {
    const rest = to !== undefined && random.chance(0.6) ? { rest: 'transfer', toSessionId: to } : { rest: 'cancel' };
    may(0.15, () => wish('queue.closeDesk', rest));
  }
  return weighted(random, choices);
}

export interface PatientView {
  readonly random: Random;
  readonly sessions: readonly string[];
  readonly patientId: string;
  /** Whether they write to the doctor as well. */
  readonly chats: boolean;
  /** Where this patient is, as far as their phone knows. */
  readonly place: { readonly entryId: string; readonly sessionId: string } | undefined;
}

/** What a patient does next. */
export function patientWish({ random, sessions, patientId, place, chats }: PatientView): Wish {
  if (!place || random.chance(chats ? 0.15 : 0.6)) {
    const sessionId = random.pick(sessions) ?? '';
    const mode = random.chance(0.7) ? 'video' : 'in-person';
    return { name: 'queue.join', input: { sessionId, patientId, mode, reason: 'Cough' }, stream: `queue:${sessionId}` };
  }
  const { entryId, sessionId } = place;
  if (!chats || random.chance(0.3)) return { name: 'queue.leave', input: { entryId }, stream: `queue:${sessionId}` };
  return chatWish(random, entryId);
}

export function chatWish(random: Random, entryId: string): Wish {
  const text = `message ${random.int(1, 1_000_000)}`;
  return { name: 'chat.send', input: { threadId: entryId, text }, stream: `chat:${entryId}` };
}

function walkIn(random: Random): Record<string, unknown> {
  return { name: `Walk In ${random.int(1, 9_999)}`, age: random.int(1, 90), gender: 'unstated', reason: 'Fever' };
}

function weighted(random: Random, choices: readonly Choice[]): Wish {
  let left = random.next() * choices.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight, make] of choices) {
    left -= weight;
    if (left <= 0) return make();
  }
  return choices[0]![1]();
}
