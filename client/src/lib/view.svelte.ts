import type { ViewName, ViewState } from '../../../shared/contract/index.ts';
import {
  isNewer,
  type Position,
  type Revision,
  type Subscribed,
  type ViewFrame,
} from '../../../shared/contract/wire.ts';
import { Subscription, type Wire } from './subscription.svelte.ts';
import { parseView } from './typed.ts';

interface Seen<S> {
  rev: Revision;
  state: S;
}

/** One view: the latest state; the newest revision wins. `state` is null until the first answer. */
export class ViewStore<N extends ViewName> extends Subscription {
  #name: N;
  #seen = $state.raw<Seen<ViewState<N>> | null>(null);
  #syncing = false;
  #held: Seen<ViewState<N>> | null = null;

  constructor(name: N, key: string, wire: Wire) {
    super(name, key, wire);
    this.#name = name;
  }

  get state(): ViewState<N> | null {
    return this.#seen?.state ?? null;
  }

  deliver(frame: ViewFrame): void {
    let next: Seen<ViewState<N>>;
    try {
      next = { rev: frame.rev, state: parseView(this.#name, frame.state) };
    } catch {
      return; // a frame that does not fit is refused; the next one replaces it
    }
    if (this.#syncing) {
      if (!this.#held || isNewer(next.rev, this.#held.rev)) this.#held = next;
    } else if (!this.#seen || isNewer(next.rev, this.#seen.rev)) {
      this.#seen = next;
      this.touched();
    }
  }

  protected get hasState(): boolean {
    return this.#seen !== null;
  }

  protected begin(): Position | undefined {
    this.#syncing = true;
    this.#held = null;
    return undefined;
  }

  protected take(reply: Subscribed): boolean {
    if (reply.kind !== 'view') throw new Error(`a stream answered for the view ${this.channel}`);
    // The answer to a new subscription counts even when its tick is lower: ticks restart with the hub.
    const answer = { rev: reply.rev, state: parseView(this.#name, reply.state) };
    this.#seen = this.#held && isNewer(this.#held.rev, answer.rev) ? this.#held : answer;
    this.abandon();
    return true;
  }

  protected abandon(): void {
    this.#syncing = false;
    this.#held = null;
  }

  protected clear(): void {
    this.#seen = null;
    this.abandon();
  }
}
