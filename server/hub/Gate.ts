import { AppError } from '../../shared/errors.ts';

/** Lets a few through at a time, in order; the others wait, and past a bound are refused. One per connection. */
export class Gate {
  readonly #atOnce: number;
  readonly #mostWaiting: number;
  readonly #waiting: (() => void)[] = [];
  #inside = 0;

  constructor(atOnce: number, mostWaiting: number) {
    this.#atOnce = atOnce;
    this.#mostWaiting = mostWaiting;
  }

  /** @throws AppError RATE_LIMITED when too many wait already; whatever `work` throws. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#inside < this.#atOnce) this.#inside += 1;
    else if (this.#waiting.length >= this.#mostWaiting) {
      throw new AppError('RATE_LIMITED', 'too many requests wait on this connection', { retryAfterSeconds: 1 });
    } else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      // Whoever is next takes this one's place.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#inside -= 1;
    }
  }
}
