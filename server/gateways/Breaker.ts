/** After this many failures in a row nobody asks a provider for a while. */
const tolerated = 5;
const pauseMs = 20_000;

/** Keeps us from running against providers that are down: one try after the pause, and all goes on when it succeeds. */
export class Breaker {
  readonly #failures = new Map<string, { count: number; until: number }>();

  /** When the provider may be asked: 0 = now. */
  opensAt(key: string, now: number): number {
    const seen = this.#failures.get(key);
    if (!seen || seen.count < tolerated || seen.until <= now) return 0;
    return seen.until;
  }

  succeeded(key: string): void {
    this.#failures.delete(key);
  }

  failed(key: string, now: number): void {
    const count = (this.#failures.get(key)?.count ?? 0) + 1;
    if (this.#failures.size > 1_000) this.#failures.clear();
    this.#failures.set(key, { count, until: now + pauseMs });
  }
}
