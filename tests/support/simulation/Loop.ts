import type { Random } from '../chaos/random.ts';

interface Item {
  readonly at: number;
  readonly order: number;
  readonly owner: string;
  readonly run: () => void;
  done: boolean;
}

/** What `setTimeout` gave: enough of it for code that was written for Node. */
interface VirtualTimer {
  unref(): VirtualTimer;
  ref(): VirtualTimer;
  item: Item;
}

const {
  setTimeout: realTimeout,
  setInterval: realInterval,
  clearTimeout: realClear,
  setImmediate: realNow,
} = globalThis;

/** Every promise that can go on has gone on. */
const settled = (): Promise<void> => new Promise((resolve) => void realNow(resolve));

/**
 * A world with a clock of its own: everything that waits (the database, the network, timers) waits here, and one thing
 * happens at a time. The same seed makes the same history, to the last interleaving.
 */
export class Loop {
  now = 1_800_000_000_000;
  readonly random: Random;
  readonly #heap: Item[] = [];
  readonly #dead = new Set<string>();
  #order = 0;
  #owner = 'world';

  constructor(random: Random) {
    this.random = random;
  }

  /** Runs after `ms`, on behalf of `owner` (default: whoever runs now); never when that one has died. */
  after(ms: number, run: () => void, owner = this.#owner): Item {
    const item: Item = { at: this.now + ms, order: this.#order++, owner, run, done: false };
    this.#push(item);
    return item;
  }

  /** A number nothing else in this world has. */
  number(): number {
    return this.#order++;
  }

  cancel(item: Item): void {
    item.done = true;
  }

  /** Nothing of this one happens any more: its process is gone. */
  kill(owner: string): void {
    this.#dead.add(owner);
  }

  /** From here to the end of this step, what happens is this one's doing: its answer has come. */
  become(owner: string): void {
    this.#owner = owner;
  }

  alive(owner: string): boolean {
    return !this.#dead.has(owner);
  }

  /** Goes on until `over` says so (looked at after every step), or nothing is left. False when time ran out first. */
  async run(over: () => boolean, untilTime: number): Promise<boolean> {
    while (!over()) {
      const item = this.#pop();
      if (!item || item.at > untilTime) {
        if (item) this.#push(item);
        return false;
      }
      this.now = Math.max(this.now, item.at);
      if (item.done || this.#dead.has(item.owner)) continue;
      item.done = true;
      this.#owner = item.owner;
      item.run();
      await settled();
      this.#owner = 'world';
    }
    return true;
  }

  /** While `work` goes on, the code under test gets its timers from here. */
  async withTimers<T>(work: () => Promise<T>): Promise<T> {
    const start = (run: () => void, ms = 0): VirtualTimer => {
      const timer: VirtualTimer = { item: this.after(ms, run), unref: () => timer, ref: () => timer };
      return timer;
    };
    const repeat = (run: () => void, ms: number): VirtualTimer => {
      const again = (): void => {
        timer.item = this.after(ms, again);
        run();
      };
      const timer: VirtualTimer = { item: this.after(ms, again), unref: () => timer, ref: () => timer };
      return timer;
    };
    const stop = (timer: VirtualTimer | undefined): void => {
      if (timer) timer.item.done = true;
    };
    Object.assign(globalThis, { setTimeout: start, setInterval: repeat, clearTimeout: stop, clearInterval: stop });
    try {
      return await work();
    } finally {
      Object.assign(globalThis, {
        setTimeout: realTimeout,
        setInterval: realInterval,
        clearTimeout: realClear,
        clearInterval: realClear,
      });
    }
  }

  #push(item: Item): void {
    const heap = this.#heap;
    let i = heap.push(item) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!before(item, heap[parent] as Item)) break;
      heap[i] = heap[parent] as Item;
      i = parent;
    }
    heap[i] = item;
  }

  #pop(): Item | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (!top || !last || heap.length === 0) return top;
    let i = 0;
    for (;;) {
      const left = 2 * i + 1;
      if (left >= heap.length) break;
      const right = left + 1;
      const child = right < heap.length && before(heap[right] as Item, heap[left] as Item) ? right : left;
      if (!before(heap[child] as Item, last)) break;
      heap[i] = heap[child] as Item;
      i = child;
    }
    heap[i] = last;
    return top;
  }
}

function before(a: Item, b: Item): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
