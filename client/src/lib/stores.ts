import { isChannelName, type StreamName, type ViewName } from '../../../shared/contract/index.ts';
import type { BatchFrame, PatchFrame, ViewFrame } from '../../../shared/contract/wire.ts';
import { StreamStore } from './stream.svelte.ts';
import type { Subscription, Wire } from './subscription.svelte.ts';
import { ViewStore } from './view.svelte.ts';

/** Every store of this page, one per channel and key, so that two components share one subscription. */
export class Stores {
  #wire: Wire;
  #streams: { [N in StreamName]: Map<string, StreamStore<N>> } = {
    queue: new Map(),
    chat: new Map(),
    notifications: new Map(),
  };
  #views: { [N in ViewName]: Map<string, ViewStore<N>> } = {
    directory: new Map(),
    triages: new Map(),
    place: new Map(),
    myPlaces: new Map(),
    lobby: new Map(),
    linkedPlace: new Map(),
    board: new Map(),
    presence: new Map(),
    queuePresence: new Map(),
    careTeam: new Map(),
    receipts: new Map(),
    typing: new Map(),
    unread: new Map(),
  };

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  stream<N extends StreamName>(name: N, key: string): StreamStore<N> {
    return remembered(this.#streams[name], key, () => new StreamStore(name, key, this.#wire));
  }
  view<N extends ViewName>(name: N, key: string): ViewStore<N> {
    return remembered(this.#views[name], key, () => new ViewStore(name, key, this.#wire));
  }

  batch(frame: BatchFrame): void {
    if (isStream(frame.channel)) this.#streams[frame.channel].get(frame.key)?.deliver(frame);
  }
  latest(frame: ViewFrame): void {
    if (isView(frame.channel)) this.#views[frame.channel].get(frame.key)?.deliver(frame);
  }
  patch(frame: PatchFrame): void {
    if (isView(frame.channel)) this.#views[frame.channel].get(frame.key)?.patch(frame);
  }
  closed(channel: string, key: string): void {
    if (isStream(channel)) this.#streams[channel].get(key)?.closed();
    else if (isView(channel)) this.#views[channel].get(key)?.closed();
  }

  resync(channel: string, key: string): void {
    if (isStream(channel)) this.#streams[channel].get(key)?.resync();
    else if (isView(channel)) this.#views[channel].get(key)?.resync();
  }

  each(act: (store: Subscription) => void): void {
    for (const map of this.#maps()) for (const store of map.values()) act(store);
  }
  clear(): void {
    this.each((store) => store.dispose());
    for (const map of this.#maps()) map.clear();
  }

  #maps(): Map<string, Subscription>[] {
    const all: Map<string, Subscription>[] = [];
    all.push(...Object.values(this.#streams), ...Object.values(this.#views));
    return all;
  }
}

function isStream(channel: string): channel is StreamName {
  return isChannelName(channel) && (channel === 'queue' || channel === 'chat' || channel === 'notifications');
}
function isView(channel: string): channel is ViewName {
  return isChannelName(channel) && !isStream(channel);
}

function remembered<T>(map: Map<string, T>, key: string, make: () => T): T {
  const known = map.get(key);
  if (known) return known;
  const made = make();
  map.set(key, made);
  return made;
}
