/** How often an alert nobody has taken care of sounds again, ms. */
export const repeatMs = 20_000;

/**
 * When alerts sound. What stands already when the desk is opened sounds once, for all of it; what comes later at once, and again
 * every 20 s for as long as it stands. Time is given from outside.
 */
export class AlertLoop {
  readonly #ring: () => void;
  #early: ReadonlySet<string> | null = null;
  #known = new Set<string>();
  #lastAt = Number.NEGATIVE_INFINITY;

  constructor(ring: () => void) {
    this.#ring = ring;
  }

  /** The alerts that stand now. Call it with every change, and every few seconds. */
  update(keys: readonly string[], now: number): void {
    if (this.#early === null) {
      this.#early = new Set(keys);
      this.#known = new Set(keys);
      if (keys.length > 0) this.#sound(now);
      return;
    }
    const fresh = keys.some((key) => !this.#known.has(key));
    this.#known = new Set(keys);
    const { size } = keys.filter((key) => !this.#early?.has(key)).reduce((set, key) => set.add(key), new Set<string>());
    if (fresh || (size > 0 && now - this.#lastAt >= repeatMs)) this.#sound(now);
  }

  #sound(now: number): void {
    this.#lastAt = now;
    this.#ring();
  }
}
