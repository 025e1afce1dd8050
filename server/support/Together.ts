interface Runs<T> {
  current: Promise<T>;
  next: Promise<T> | null;
}

/**
 * Work that many ask for at once, done once for all of them. Who asks while a run is under way shares the next one, not that
 * one: a result always comes from a run that began after it was asked for.
 */
export class Together<T> {
  readonly #runs = new Map<string, Runs<T>>();

  run(key: string, work: () => Promise<T>): Promise<T> {
    const runs = this.#runs.get(key);
    if (!runs) {
      const current = work();
      this.#runs.set(key, { current, next: null });
      this.#after(key, current);
      return current;
    }
    runs.next ??= runs.current.then(
      () => this.#start(key, work),
      () => this.#start(key, work),
    );
    return runs.next;
  }

  #start(key: string, work: () => Promise<T>): Promise<T> {
    const current = work();
    this.#runs.set(key, { current, next: null });
    this.#after(key, current);
    return current;
  }

  /** Forgets the key when nobody waits for another run. */
  #after(key: string, current: Promise<T>): void {
    const ended = (): void => {
      const runs = this.#runs.get(key);
      if (runs?.current === current && !runs.next) this.#runs.delete(key);
    };
    current.then(ended, ended);
  }
}
