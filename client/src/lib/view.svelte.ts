import type { ViewName, ViewState } from '../../../shared/contract/index.ts';
import {
  isNewer,
  type PatchFrame,
  type Position,
  type Revision,
  type Subscribed,
  type ViewFrame,
} from '../../../shared/contract/wire.ts';
import { patched } from '../../../shared/state/presence.ts';
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
  #patches: PatchFrame[] = [];

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

  /** What changed of a view that is a record: applied on the revision it starts from; elsewhere we ask again. */
  patch(frame: PatchFrame): void {
    if (this.#syncing) this.#patches.push(frame);
    else if (this.#seen && !this.#apply(this.#seen, frame)) this.sync();
  }

  /** False when it starts from a revision that we have not got. */
  #apply(seen: Seen<ViewState<N>>, frame: PatchFrame): boolean {
    if (!isNewer(frame.rev, seen.rev)) return true;
    if (isNewer(frame.from, seen.rev) || isNewer(seen.rev, frame.from)) return false;
    const record = Object.fromEntries(Object.entries(seen.state));
    try {
      this.#seen = { rev: frame.rev, state: parseView(this.#name, patched(record, frame)) };
    } catch {
      return false;
    }
    this.touched();
    return true;
  }

  protected get hasState(): boolean {
    return this.#seen !== null;
  }

  protected begin(): Position | undefined {
    this.#syncing = true;
    this.#held = null;
    this.#patches = [];
    return undefined;
  }

  protected take(reply: Subscribed): boolean {
    if (reply.kind !== 'view') throw new Error(`a stream answered for the view ${this.channel}`);
    // The answer to a new subscription counts even when its tick is lower: ticks restart with the hub.
    const answer = { rev: reply.rev, state: parseView(this.#name, reply.state) };
    this.#seen = this.#held && isNewer(this.#held.rev, answer.rev) ? this.#held : answer;
    const patches = this.#patches;
    this.abandon();
    return patches.every((frame) => this.#seen && this.#apply(this.#seen, frame));
  }

  protected abandon(): void {
    this.#syncing = false;
    this.#held = null;
    this.#patches = [];
  }

  protected clear(): void {
    this.#seen = null;
    this.abandon();
  }
}
