import { abandonSync, answered, beginSync, emptyCore, receive, type Core } from '../../../client/src/lib/streamCore.ts';
import { batchFrame, type Position, type Subscribed } from '../../../shared/contract/wire.ts';

interface Numbered {
  readonly seq: number;
}
export interface MirrorKind<S, E extends Numbered> {
  readonly state: { parse(raw: unknown): S };
  readonly event: { parse(raw: unknown): E };
  readonly reduce: (state: S, event: E) => S;
}

/** A client's copy of a stream, by the real client's rules; what it applied is watched. */
export class Mirror<S, E extends Numbered> {
  readonly channel: string;
  readonly key: string;
  readonly #kind: MirrorKind<S, E>;
  readonly #onFault: (what: string) => void;
  #core: Core<S, E> = emptyCore();

  constructor(channel: string, key: string, kind: MirrorKind<S, E>, onFault: (what: string) => void) {
    this.channel = channel;
    this.key = key;
    this.#kind = kind;
    this.#onFault = onFault;
  }

  get seq(): number {
    return this.#core.at?.seq ?? 0;
  }
  get state(): S | null {
    return this.#core.at?.state ?? null;
  }

  begin(): Position | undefined {
    const { core, since } = beginSync(this.#core);
    this.#core = core;
    return since;
  }

  abandon(): void {
    this.#core = abandonSync(this.#core);
  }

  clear(): void {
    this.#core = emptyCore();
  }

  /** False: ask again. */
  batch(raw: unknown): boolean {
    const frame = batchFrame.parse(raw);
    const events = frame.events.map((event) => this.#kind.event.parse(event));
    const before = this.seq;
    const step = receive(this.#core, { ...frame, events }, this.#kind.reduce);
    this.#core = step.core;
    this.#watch(before, step.fresh);
    return step.verdict !== 'resync';
  }

  /** False: ask again. */
  answer(start: Subscribed): boolean {
    if (start.kind === 'view') throw new Error('a view where a stream was expected');
    const before = start.kind === 'snapshot' ? start.seq : this.seq;
    const answer =
      start.kind === 'snapshot'
        ? { ...start, state: this.#kind.state.parse(start.state) }
        : { ...start, events: start.events.map((event) => this.#kind.event.parse(event)) };
    const step = answered(this.#core, answer, this.#kind.reduce);
    this.#core = step.core;
    this.#watch(before, step.fresh);
    return step.verdict !== 'resync';
  }

  /** Every event once, in order, none left out. */
  #watch(before: number, fresh: readonly E[]): void {
    fresh.forEach((event, i) => {
      if (event.seq !== before + 1 + i) {
        this.#onFault(`${this.channel}:${this.key}: seq ${event.seq} applied where ${before + 1 + i} belongs`);
      }
    });
  }
}
