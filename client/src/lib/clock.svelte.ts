import { createSubscriber } from 'svelte/reactivity';

/** The server's time, for waits and timers: a phone's own clock may be minutes off. */
class Clock {
  #offset = 0;
  #best = Number.POSITIVE_INFINITY;

  /** Learn from a response: its `Date` (whole seconds) and when it was asked and received, by our clock. */
  learn(date: string | null, sentAt: number, receivedAt: number): void {
    const server = date === null ? Number.NaN : Date.parse(date);
    const trip = receivedAt - sentAt;
    if (Number.isNaN(server) || trip > this.#best * 1.5) return;
    this.#best = Math.min(this.#best, trip);
    const offset = server + 500 - (sentAt + trip / 2);
    // A header in whole seconds says nothing about less than one: leave a good clock alone.
    this.#offset = Math.abs(offset) > 2_000 ? offset : 0;
  }

  /** Milliseconds since the epoch, by the server's clock. */
  now(): number {
    return Date.now() + this.#offset;
  }

  /** A moment of the server's on our own clock, for components that count from `Date.now()`. */
  local(at: number): number {
    return at - this.#offset;
  }
}

export const clock = new Clock();

const ticks: Record<number, () => void> = {};

/** The server's time as a rune that moves every `everyMs`, while something on screen reads it. */
export function ticking(everyMs = 1_000): number {
  let subscribe = ticks[everyMs];
  if (!subscribe) {
    subscribe = createSubscriber((update) => {
      const timer = setInterval(update, everyMs);
      return () => clearInterval(timer);
    });
    ticks[everyMs] = subscribe;
  }
  subscribe();
  return clock.now();
}
