type Listeners<Events extends object> = { [N in keyof Events]?: Set<(event: Events[N]) => void> };

/** A typed list of listeners whose failures do not reach the one who tells. */
export class Emitter<Events extends object> {
  readonly #listeners: Listeners<Events> = {};

  /** @returns stops listening */
  on<N extends keyof Events>(name: N, listener: (event: Events[N]) => void): () => void {
    const listeners = (this.#listeners[name] ??= new Set());
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  emit<N extends keyof Events>(name: N, event: Events[N]): void {
    for (const listener of [...(this.#listeners[name] ?? [])]) {
      try {
        listener(event);
      } catch (error) {
        // Shown as what it is, an uncaught error, but later.
        setTimeout(() => {
          throw error;
        });
      }
    }
  }
}
