/** At most this many commands wait for their turn: enough for quick hands, too few for a cat on the keyboard. */
const waitingAtMost = 4;

/** `told`: nothing was sent, the person was told why or asked; `failed`: what waits behind it was meant for another outcome. */
export type Ending = 'done' | 'told' | 'failed';

interface Task<A> {
  readonly action: A;
  readonly rowId: string | null;
  readonly work: () => Promise<Ending>;
  readonly over: (well: boolean) => void;
}

/** Commands one after another: each starts when the list shows what the one before it did. The same twice in a row counts once. */
export class CommandLine<A extends string> {
  #pending = $state<A | null>(null);
  #pendingRow = $state<string | null>(null);
  #queue: Task<A>[] = [];

  /** The command under way. */
  get pending(): A | null {
    return this.#pending;
  }
  /** The entry it is about. */
  get pendingRow(): string | null {
    return this.#pendingRow;
  }
  /** True while commands wait behind the one under way. */
  get waiting(): boolean {
    return this.#queue.length > 0;
  }

  /** Says whom the command under way is about, when that is known only now. */
  about(rowId: string): void {
    this.#pendingRow = rowId;
  }

  /** Runs it now or in its turn. True when it was done; false when it was told, failed, or not taken on. */
  async run(action: A, rowId: string | null, work: Task<A>['work']): Promise<boolean> {
    return await new Promise((over) => {
      const task = { action, rowId, work, over };
      if (this.#pending === null) {
        void this.#start(task);
        return;
      }
      const last = this.#queue.at(-1) ?? { action: this.#pending, rowId: this.#pendingRow };
      const same = last.action === action && (last.rowId === rowId || rowId === null);
      if (same || this.#queue.length >= waitingAtMost) over(false);
      else this.#queue.push(task);
    });
  }

  async #start(task: Task<A>): Promise<void> {
    this.#pending = task.action;
    this.#pendingRow = task.rowId;
    let ending: Ending = 'failed';
    try {
      ending = await task.work();
    } finally {
      this.#pending = null;
      this.#pendingRow = null;
      if (ending === 'failed') for (const waiting of this.#queue.splice(0)) waiting.over(false);
      task.over(ending === 'done');
    }
    const next = this.#queue.shift();
    if (next) await this.#start(next);
  }
}
