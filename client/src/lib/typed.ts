import type { z } from 'zod';
import { channels, type StreamName, type ViewName, type ViewState } from '../../../shared/contract/index.ts';
import { reduceChat } from '../../../shared/state/chat.ts';
import { reduceNotifications } from '../../../shared/state/notifications.ts';
import { reduceQueue } from '../../../shared/state/queue.ts';

/** The contract, indexed so that a generic name keeps its own types: no cast is needed anywhere in the client. */
export type StateOf<N extends StreamName> = z.output<(typeof channels)[N]['snapshot']>;
export type EventOf<N extends StreamName> = z.output<(typeof channels)[N]['event']>;

interface Parser<T> {
  parse(data: unknown): T;
}

const streams: { [N in StreamName]: { snapshot: Parser<StateOf<N>>; event: Parser<EventOf<N>> } } = channels;
const views: { [N in ViewName]: { state: Parser<ViewState<N>> } } = channels;

type Reduce<S, E> = (state: S, event: E) => S;
const reducers: { [N in StreamName]: Reduce<StateOf<N>, EventOf<N>> } = {
  queue: reduceQueue,
  chat: reduceChat,
  notifications: reduceNotifications,
};

export function parseSnapshot<N extends StreamName>(name: N, data: unknown): StateOf<N> {
  return streams[name].snapshot.parse(data);
}
export function parseEvent<N extends StreamName>(name: N, data: unknown): EventOf<N> {
  return streams[name].event.parse(data);
}
export function parseView<N extends ViewName>(name: N, data: unknown): ViewState<N> {
  return views[name].state.parse(data);
}
export function reducerOf<N extends StreamName>(name: N): Reduce<StateOf<N>, EventOf<N>> {
  return reducers[name];
}
