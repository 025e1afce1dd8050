import type { Position, Subscribed } from '../../shared/contract/wire.ts';
import { limits } from '../../shared/limits.ts';
import type { StreamEvent, StreamsOf } from '../store/streams/index.ts';

/**
 * What a subscriber of a stream starts from: the events after `since` when they are at hand and few, else a snapshot.
 * `join` runs in the same tick in which the state is taken.
 * @param shape cuts the snapshot to what the contract lists.
 * @param tell what of the events a newcomer may be told.
 */
export async function streamStart<S, E extends StreamEvent>(
  streams: StreamsOf<S, E>,
  key: string,
  since: Position | undefined,
  join: () => void,
  shape: (state: S) => unknown,
  tell: (events: readonly E[], state: S) => readonly E[] = (events) => events,
): Promise<Subscribed> {
  await streams.load(key);
  // What `load` resolved with may be a commit old by now, and that commit's batch went out before we joined.
  join();
  const { epoch, seq, state } = streams.head(key);
  if (since) {
    const events = streams.since(key, since.epoch, since.seq);
    if (events && events.length <= limits.catchUpEvents) {
      return { kind: 'events', epoch, from: since.seq + 1, to: seq, events: [...tell(events, state)] };
    }
  }
  return { kind: 'snapshot', epoch, seq, state: shape(state) };
}
