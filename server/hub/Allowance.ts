/** How much one connection may send: so many at once, and so many more every second. */
export class Allowance {
  readonly #atOnce: number;
  readonly #perSecond: number;
  readonly #now: () => number;
  #left: number;
  #at: number;

  /** @param now milliseconds of any clock that only goes forward. */
  constructor(atOnce: number, perSecond: number, now: () => number) {
    this.#atOnce = atOnce;
    this.#perSecond = perSecond;
    this.#now = now;
    this.#left = atOnce;
    this.#at = now();
  }

  /** False when this is more than is left. */
  spend(amount: number): boolean {
    const now = this.#now();
    this.#left = Math.min(this.#atOnce, this.#left + ((now - this.#at) / 1000) * this.#perSecond) - amount;
    this.#at = now;
    return this.#left >= 0;
  }
}
