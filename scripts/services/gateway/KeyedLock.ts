/** Somebody in line for a key. */
interface Waiter {
  wake(): void;
  /** The key was taken for good while this one waited. */
  lost: boolean;
}

export interface Claim {
  key: string;
  /** Whoever gets the key for good leaves nothing for those who wait for it at that moment. */
  exclusive: boolean;
}

/** Mutual exclusion by key, first come first served. Needing several keys is safe: they are taken in sorted order. */
export class KeyedLock {
  /** Those in line by key; the first one holds it. */
  readonly #lines = new Map<string, Waiter[]>();

  /**
   * Runs `work` while holding all claims. `work` says which of its exclusive keys are gone for good (`taken`). Resolves to the key
   * that was lost while waiting, in which case `work` did not run.
   */
  async hold<T>(
    claims: readonly Claim[],
    work: () => Promise<{ value: T; taken: (key: string) => boolean }>,
  ): Promise<{ value: T } | { lost: string }> {
    const held: Claim[] = [];
    let taken = (_key: string): boolean => false;
    try {
      const distinct = new Map(claims.map((claim) => [claim.key, claim]));
      for (const key of [...distinct.keys()].sort()) {
        const lost = await this.#acquire(key);
        held.push(distinct.get(key) ?? { key, exclusive: false });
        if (lost) return { lost: key };
      }
      const result = await work();
      taken = result.taken;
      return { value: result.value };
    } finally {
      for (const { key, exclusive } of held) this.#release(key, exclusive && taken(key));
    }
  }

  async #acquire(key: string): Promise<boolean> {
    const waiter: Waiter = { wake: () => undefined, lost: false };
    const line = this.#lines.get(key);
    if (line === undefined) {
      this.#lines.set(key, [waiter]);
      return false;
    }
    line.push(waiter);
    await new Promise<void>((resolve) => (waiter.wake = resolve));
    return waiter.lost;
  }

  #release(key: string, taken: boolean): void {
    const line = this.#lines.get(key);
    line?.shift();
    if (line === undefined || line.length === 0) {
      this.#lines.delete(key);
      return;
    }
    if (taken) for (const waiter of line) waiter.lost = true;
    line[0]?.wake();
  }
}
