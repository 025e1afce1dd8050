import type { QueueEvent, QueueState } from '../../shared/state/queue.ts';
import type { StreamsOf } from '../store/streams/index.ts';

/** Where somebody's place is: an entry in a desk session's queue. */
export interface Whereabouts {
  readonly sessionId: string;
  readonly entryId: string;
}

/** More desks than anybody is sent on to in a day. */
const mostDesks = 20;

/**
 * Where a place is now, after the desk sent its patient on, perhaps more than once. `moves` counts how often. A place that is
 * still on its way to the next desk is where it was, and `next` is the desk it is expected at.
 */
export async function whereNow(
  queues: StreamsOf<QueueState, QueueEvent>,
  from: Whereabouts,
): Promise<Whereabouts & { readonly moves: number; readonly next: string | null }> {
  let { sessionId, entryId } = from;
  for (let moves = 0; ; moves += 1) {
    const to = (await queues.load(sessionId)).state.entries[entryId]?.to ?? null;
    if (!to || moves >= mostDesks) return { sessionId, entryId, moves, next: null };
    if (!(await queues.load(to.sessionId)).state.entries[to.entryId]) {
      return { sessionId, entryId, moves, next: to.sessionId };
    }
    ({ sessionId, entryId } = to);
  }
}
