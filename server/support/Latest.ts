interface Waiting<T> {
  value: T;
  done: Promise<void>;
}

/**
 * Writes the newest value of each key. While one is being written, those that come wait together for the next write, which
 * tells the newest of them: many changes in a moment cost two writes.
 */
export class Latest<T> {
  readonly #write: (key: string, value: T) => Promise<void>;
  readonly #newer: (a: T, b: T) => boolean;
  readonly #waiting = new Map<string, Waiting<T>>();
  readonly #running = new Map<string, Promise<void>>();

  constructor(write: (key: string, value: T) => Promise<void>, newer: (a: T, b: T) => boolean) {
    this.#write = write;
    this.#newer = newer;
  }

  /** Resolves when this value, or a newer one, is written. */
  put(key: string, value: T): Promise<void> {
    const waiting = this.#waiting.get(key);
    if (waiting) {
      if (this.#newer(value, waiting.value)) waiting.value = value;
      return waiting.done;
    }
    const mine: Waiting<T> = { value, done: Promise.resolve() };
    mine.done = (this.#running.get(key) ?? Promise.resolve()).then(() => {
      this.#waiting.delete(key);
      return this.#write(key, mine.value);
    });
    this.#waiting.set(key, mine);
    const settled = mine.done.catch(() => undefined);
    this.#running.set(key, settled);
    void settled.then(() => {
      if (this.#running.get(key) === settled) this.#running.delete(key);
    });
    return mine.done;
  }
}
