import { z } from 'zod';

const step = z.object({ n: z.number(), phase: z.string(), traceId: z.string(), action: z.string() });

/** More than this under way at a time in one process: the oldest will not have an outcome any more. */
const mostOpen = 20_000;
const mostListed = 20;

/** Finds intents that no outcome followed: what was begun when a process ended, or was refused by a failing database. */
export class OpenIntents {
  readonly #open = new Map<string, { chain: string; n: number }>();
  readonly first: { chain: string; n: number }[] = [];
  count = 0;

  see(raw: Readonly<Record<string, unknown>>, chain: string): void {
    const { phase } = raw;
    if (phase !== 'intent' && phase !== 'outcome') return;
    const parsed = step.safeParse(raw);
    if (!parsed.success) return;
    const { n, traceId, action } = parsed.data;
    const key = `${traceId} ${action}`;
    if (phase === 'outcome') return void this.#open.delete(key);
    this.#open.set(key, { chain, n });
    if (this.#open.size <= mostOpen) return;
    for (const [oldest, place] of this.#open) {
      this.#open.delete(oldest);
      return this.#unfinished(place);
    }
  }

  /** The chain is over. */
  end(): void {
    for (const place of this.#open.values()) this.#unfinished(place);
    this.#open.clear();
  }

  #unfinished(place: { chain: string; n: number }): void {
    this.count += 1;
    if (this.first.length < mostListed) this.first.push(place);
  }
}
