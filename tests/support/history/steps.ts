import {
  emptyQueue,
  entryOf,
  isActive,
  reduceQueue,
  waitingOrder,
  type EntryState,
  type QueueEvent,
  type QueueState,
} from '../../../shared/state/queue.ts';
import { queuesOf } from './effects.ts';
import type { FoundEvent, RecordedCommand } from './types.ts';

/** What state an entry must be in for an event to happen to it; said here once more, apart from the rules under test. */
const from: Readonly<Partial<Record<QueueEvent['type'], readonly EntryState[]>>> = {
  'checked-in': ['waiting', 'on-hold', 'skipped', 'called'],
  called: ['waiting', 'on-hold', 'skipped'],
  recalled: ['called'],
  started: ['called'],
  finished: ['in-consultation'],
  skipped: ['called'],
  'no-show': ['waiting', 'called', 'skipped'],
  held: ['waiting', 'called', 'in-consultation'],
  resumed: ['on-hold'],
  requeued: ['waiting', 'called', 'skipped', 'on-hold'],
  prioritised: ['waiting', 'called', 'skipped', 'on-hold'],
  triaged: ['waiting', 'called', 'skipped', 'on-hold', 'in-consultation'],
  acknowledged: ['waiting', 'called', 'skipped', 'on-hold', 'in-consultation'],
  transferred: ['waiting', 'called', 'skipped', 'on-hold', 'in-consultation'],
  returned: ['transferred'],
  cancelled: ['waiting', 'called', 'skipped', 'on-hold'],
};
const undoWithinMs = 5 * 60_000;

/** No step out of turn: tokens 1…n, one patient at the desk at a time, `callNext` follows the waiting order, nothing after the end. */
export function queueRulesHeld(events: readonly FoundEvent[], commands: readonly RecordedCommand[] = []): string[] {
  const wrong: string[] = [];
  const nameOf = new Map(commands.map((command) => [`${command.accountId}:${command.requestId}`, command.name]));
  for (const [stream, { events: own, commands: keys }] of queuesOf(events)) {
    let state = emptyQueue;
    own.forEach((event, i) => {
      const failed = event.type === 'cancelled' && keys[i]?.startsWith('return:') === true;
      const problem = failed ? null : stepProblem(state, event, nameOf.get(keys[i] ?? '') ?? null);
      if (problem !== null) wrong.push(`${stream}: seq ${event.seq} ${event.type}: ${problem}`);
      state = reduceQueue(state, event);
      const busy = Object.values(state.entries).filter((one) => ['called', 'in-consultation'].includes(one.state));
      if (busy.length > 1) wrong.push(`${stream}: seq ${event.seq} ${event.type}: while somebody is at the desk`);
    });
  }
  return wrong;
}

function stepProblem(state: QueueState, event: QueueEvent, command: RecordedCommand['name'] | null): string | null {
  if (state.closedAt !== null) return 'after the desk closed';
  if (event.type === 'joined') {
    if (state.entries[event.data.entryId]) return 'this entry had joined already';
    return event.data.token === state.nextToken ? null : `token ${event.data.token} instead of ${state.nextToken}`;
  }
  if (event.type === 'desk-resumed') return state.pause ? null : 'there was no break';
  const about = entryOf(event);
  if (about === null) return null;
  const entry = state.entries[about];
  if (!entry) return 'an entry that never joined';
  if (event.type === 'undone') {
    if (entry.undo?.seq !== event.data.undoes) return `${event.data.undoes} is not the last that happened to it`;
    return event.at - entry.undo.at > undoWithinMs ? 'too late' : null;
  }
  const allowed = from[event.type];
  if (allowed && !allowed.includes(entry.state)) return `on one who is ${entry.state}`;
  if (event.type === 'checked-in' && entry.checkedInAt !== null) return 'twice';
  if (event.type === 'acknowledged' && !isActive(entry.state)) return 'of one who is gone';
  if (event.type !== 'called') return null;
  if (state.pause) return 'during a break';
  if (command !== 'queue.callNext' && command !== null) return null;
  if (command === null && entry.state !== 'waiting') return null;
  return waitingOrder(state)[0]?.id === entry.id ? null : 'not the next in order';
}
