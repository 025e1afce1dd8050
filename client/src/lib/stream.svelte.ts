import type { StreamName } from '../../../shared/contract/index.ts';
import type { BatchFrame, Position, Subscribed } from '../../../shared/contract/wire.ts';
import {
  abandonSync,
  answered,
  beginSync,
  emptyCore,
  receive,
  type Answer,
  type Batch,
  type Core,
} from './streamCore.ts';
import { Subscription, type Wire } from './subscription.svelte.ts';
import { parseEvent, parseSnapshot, reducerOf, type EventOf, type StateOf } from './typed.ts';

type Listener<E> = (events: readonly E[]) => void;

/** One stream, kept equal to the server's by the shared reducer. Read `state` in a component; it is null until the first snapshot. */
export class StreamStore<N extends StreamName> extends Subscription {
  #name: N;
  #core = $state.raw<Core<StateOf<N>, EventOf<N>>>(emptyCore());
  #listeners: Listener<EventOf<N>>[] = [];

  constructor(name: N, key: string, wire: Wire) {
    super(name, key, wire);
    this.#name = name;
  }

  get state(): StateOf<N> | null {
    return this.#core.at?.state ?? null;
  }
  /** Head position, for commands that say what they have seen. */
  get seq(): number {
    return this.#core.at?.seq ?? 0;
  }

  /** Hear events as they arrive (sounds, announcements); not those that were there before. Returns the way to stop. */
  onEvents(listener: Listener<EventOf<N>>): () => void {
    this.#listeners.push(listener);
    return () => {
      this.#listeners = this.#listeners.filter((one) => one !== listener);
    };
  }

  deliver(frame: BatchFrame): void {
    let batch: Batch<EventOf<N>>;
    try {
      batch = this.#parse(frame);
    } catch {
      this.clear();
      this.sync();
      return;
    }
    const step = receive(this.#core, batch, reducerOf(this.#name));
    this.#core = step.core;
    if (step.verdict === 'resync') this.sync();
    if (step.verdict === 'applied') this.#tell(step.fresh);
  }

  protected get hasState(): boolean {
    return this.#core.at !== null;
  }

  protected begin(): Position | undefined {
    const { core, since } = beginSync(this.#core);
    this.#core = core;
    return since;
  }

  protected take(reply: Subscribed): boolean {
    const step = answered(this.#core, this.#answer(reply), reducerOf(this.#name));
    this.#core = step.core;
    this.#tell(step.fresh);
    return step.verdict !== 'resync';
  }

  protected abandon(): void {
    this.#core = abandonSync(this.#core);
  }

  protected clear(): void {
    this.#core = emptyCore();
  }

  #answer(reply: Subscribed): Answer<StateOf<N>, EventOf<N>> {
    if (reply.kind === 'snapshot') {
      return { kind: 'snapshot', epoch: reply.epoch, seq: reply.seq, state: parseSnapshot(this.#name, reply.state) };
    }
    if (reply.kind === 'events') return { kind: 'events', ...this.#parse(reply) };
    throw new Error(`a view answered for the stream ${this.channel}`);
  }

  #parse({ epoch, from, to, events }: Pick<BatchFrame, 'epoch' | 'from' | 'to' | 'events'>): Batch<EventOf<N>> {
    return { epoch, from, to, events: events.map((event) => parseEvent(this.#name, event)) };
  }

  #tell(fresh: readonly EventOf<N>[]): void {
    if (fresh.length === 0) return;
    this.touched();
    for (const listener of this.#listeners) listener(fresh);
  }
}
