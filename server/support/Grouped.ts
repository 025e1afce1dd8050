interface Waiting<I, O> {
  readonly item: I;
  readonly resolve: (result: O) => void;
  readonly reject: (error: unknown) => void;
}

/** What became of one item of a group that was not refused as a whole. */
export type Outcome<O> = { readonly ok: true; readonly value: O } | { readonly ok: false; readonly error: unknown };

export interface GroupedOptions<I, O> {
  /** Runs under way at once; who comes later waits for one of them and then goes together with all the others. */
  readonly atOnce: number;
  readonly mostTogether: number;
  /** Does it for all, and says for each in order what came of it; a throw is everybody's. */
  readonly run: (items: readonly I[]) => Promise<readonly Outcome<O>[]>;
}

/**
 * Work that is cheaper together. Alone it is done at once; in a crowd those that wait share the next run, which always
 * begins after everybody who shares it has asked.
 */
export class Grouped<I, O> {
  readonly #options: GroupedOptions<I, O>;
  #waiting: Waiting<I, O>[] = [];
  #running = 0;

  constructor(options: GroupedOptions<I, O>) {
    this.#options = options;
  }

  put(item: I): Promise<O> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      if (this.#running < this.#options.atOnce) void this.#work();
    });
  }

  async #work(): Promise<void> {
    this.#running += 1;
    while (this.#waiting.length > 0) await this.#group(this.#waiting.splice(0, this.#options.mostTogether));
    this.#running -= 1;
  }

  async #group(group: readonly Waiting<I, O>[]): Promise<void> {
    try {
      const outcomes = await this.#options.run(group.map(({ item }) => item));
      group.forEach(({ resolve, reject }, index) => {
        const outcome = outcomes[index];
        if (!outcome) reject(new Error('a group answered for fewer than it was given'));
        else if (outcome.ok) resolve(outcome.value);
        else reject(outcome.error);
      });
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }
}

export const done = <O>(value: O): Outcome<O> => ({ ok: true, value });
