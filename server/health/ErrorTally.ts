import { Gauge, type Registry } from 'prom-client';

const minute = 60_000;

/** How many errors were logged within the last hour, to the minute. */
export class ErrorTally {
  readonly #now: () => number;
  /** By minute since 1970; at most the last hour's. */
  readonly #counts = new Map<number, number>();

  constructor(now: () => number) {
    this.#now = now;
  }

  note(): void {
    const at = Math.floor(this.#now() / minute);
    this.#counts.set(at, (this.#counts.get(at) ?? 0) + 1);
    this.#forget(at);
  }

  lastHour(): number {
    this.#forget(Math.floor(this.#now() / minute));
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Shows it in the metrics. */
  show(registry: Registry): void {
    const count = (): number => this.lastHour();
    new Gauge({
      name: 'nadi_log_errors_last_hour',
      help: 'Lines of level error and above that this hub logged within the last hour',
      registers: [registry],
      collect() {
        this.set(count());
      },
    });
  }

  #forget(now: number): void {
    for (const at of this.#counts.keys()) if (at <= now - 60) this.#counts.delete(at);
  }
}
