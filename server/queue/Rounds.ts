import type { Logger } from '../support/logger.ts';

/** Changes of one thing this close together make one round of views, ms. */
const settleMs = 25;

/** Work of a feed: one step after another, so that views leave in the order of the changes; bursts of one key make one step. */
export class Rounds {
  readonly #log: Logger;
  readonly #settling = new Map<string, NodeJS.Timeout>();
  #work: Promise<void> = Promise.resolve();

  constructor(log: Logger) {
    this.#log = log;
  }

  later(step: () => Promise<void>): void {
    this.#work = this.#work
      .then(step)
      .catch((error: unknown) => this.#log.warn({ err: error }, 'a view was not sent; the next change or tick will'));
  }

  /** As {@link later}, in a moment, and once for all that ask for this key until then. */
  soon(key: string, step: () => Promise<void>): void {
    if (this.#settling.has(key)) return;
    const settled = (): void => {
      this.#settling.delete(key);
      this.later(step);
    };
    this.#settling.set(key, setTimeout(settled, settleMs));
  }

  async stop(): Promise<void> {
    for (const timer of this.#settling.values()) clearTimeout(timer);
    this.#settling.clear();
    await this.#work;
  }
}
