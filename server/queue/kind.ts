import { emptyQueue, queueEvent, reduceQueue, type QueueEvent, type QueueState } from '../../shared/state/queue.ts';
import type { StreamKind } from '../store/streams/index.ts';

/** The queue of a desk session as a stream. Versions: v1 (fixtures in `tests/fixtures/events/queue.v1.json`). */
export const queueKind: StreamKind<QueueState, QueueEvent> = {
  name: 'queue',
  event: queueEvent,
  empty: emptyQueue,
  reduce: reduceQueue,
  upcast: (raw) => raw,
};
