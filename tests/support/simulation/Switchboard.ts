import type { BusMessage } from '../../../server/hub/Bus.ts';
import type { Loop } from './Loop.ts';

type Listener = (message: unknown) => void;

/** What Redis does between hubs: tells each of the others, late, out of order, or (paused, killed) not at all. */
export class Switchboard {
  readonly #loop: Loop;
  readonly #listeners = new Map<string, Map<string, Listener[]>>();
  silentUntil = 0;
  /** Share of messages that get lost although it is there. */
  loss = 0.05;

  constructor(loop: Loop) {
    this.#loop = loop;
  }

  on(hub: string, topic: string, listener: Listener): void {
    const topics = this.#listeners.get(hub) ?? new Map<string, Listener[]>();
    this.#listeners.set(hub, topics);
    topics.set(topic, [...(topics.get(topic) ?? []), listener]);
  }

  send(from: string, topic: string, message: BusMessage): void {
    const { random, now } = this.#loop;
    for (const [hub, topics] of this.#listeners) {
      if (hub === from || !this.#loop.alive(hub)) continue;
      if (now < this.silentUntil || random.chance(this.loss)) continue;
      for (const listener of topics.get(topic) ?? []) {
        this.#loop.after(random.int(1, 8), () => listener(message), hub);
      }
    }
  }
}
