import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { AppError } from '../../shared/errors.ts';
import type { Repos } from '../store/Repos.ts';
import { counted, delayRules, takenBack, waitOf, type Counter, type DelayRule, type Tally } from './delayRules.ts';

/** Tries that count, in one place for all hubs. `_id` is a keyed hash: neither address nor account stands here. */
export const triesDoc = z.object({
  _id: z.string(),
  level: z.number(),
  at: z.number(),
  /** Compare-and-set. */
  version: z.int(),
  forgetAt: z.date(),
});
type TriesDoc = z.infer<typeof triesDoc>;

export interface TriesDeps {
  readonly repos: Repos;
  readonly secret: string;
  /** Multiplies what is free; tests raise it. */
  readonly factor: number;
  readonly now: () => number;
}

const mostRaces = 20;

/** Slows those who try again and again. A try counts before it is judged, so that many at once are many. */
export class Tries {
  readonly #deps: TriesDeps;
  readonly #key: Buffer;

  constructor(deps: TriesDeps) {
    this.#deps = deps;
    this.#key = createHmac('sha256', deps.secret).update('nadi tries v1').digest();
  }

  /** Counts one try on each. @throws AppError RATE_LIMITED with `retryAfterSeconds`, and then nothing is counted. */
  async take(counters: readonly Counter[]): Promise<void> {
    const before = await Promise.all(counters.map((one) => this.#deps.repos.tries.get(this.#idOf(one))));
    const now = this.#deps.now();
    const waits = counters.map((one, i) => waitOf(this.#ruleOf(one), before[i] ?? nothing, now));
    refuse(Math.max(0, ...waits));
    await Promise.all(counters.map((one, i) => this.#count(one, before[i] ?? null)));
  }

  /** The tries that were counted went well: those who made them start anew, what is shared gets one back. */
  async wentWell(counters: readonly Counter[]): Promise<void> {
    await Promise.all(
      counters.map(async (one) => {
        if (one.rule === 'device' || one.rule === 'pair') await this.#deps.repos.tries.remove({ _id: this.#idOf(one) });
        else await this.#change(one, takenBack);
      }),
    );
  }

  /**
   * Does `work` as one try: it counts when what was given is wrong, and leaves nothing when it succeeds.
   * @throws what `work` throws; AppError RATE_LIMITED before it is begun.
   */
  async attempt<T>(counters: readonly Counter[], work: () => Promise<T>): Promise<T> {
    await this.take(counters);
    try {
      const done = await work();
      await this.wentWell(counters);
      return done;
    } catch (error) {
      if (!isMiss(error)) await Promise.all(counters.map((one) => this.#change(one, takenBack)));
      throw error;
    }
  }

  /** When the next one would be taken, UTC ms. */
  async nextAt(counters: readonly Counter[]): Promise<number> {
    const now = this.#deps.now();
    const waits = counters.map(async (one) => {
      return waitOf(this.#ruleOf(one), (await this.#deps.repos.tries.get(this.#idOf(one))) ?? nothing, now);
    });
    return now + Math.max(0, ...(await Promise.all(waits)));
  }

  async #count(one: Counter, known: TriesDoc | null): Promise<void> {
    const rule = this.#ruleOf(one);
    for (let i = 0, doc = known; i < mostRaces; i++) {
      const now = this.#deps.now();
      // Another try came first: it may have used up what was free.
      if (i > 0) refuse(waitOf(rule, doc ?? nothing, now));
      if (await this.#write(one, doc, counted(rule, doc ?? nothing, now))) return;
      doc = await this.#deps.repos.tries.get(this.#idOf(one));
    }
    refuse(rule.firstMs);
  }

  async #change(one: Counter, apply: (rule: DelayRule, tally: Tally, now: number) => Tally): Promise<void> {
    for (let i = 0; i < mostRaces; i++) {
      const doc = await this.#deps.repos.tries.get(this.#idOf(one));
      if (!doc || (await this.#write(one, doc, apply(this.#ruleOf(one), doc, this.#deps.now())))) return;
    }
  }

  async #write(one: Counter, before: TriesDoc | null, { level, at }: Tally): Promise<boolean> {
    const { tries } = this.#deps.repos;
    const _id = this.#idOf(one);
    const { forgiveMs, longestMs } = this.#ruleOf(one);
    const forgetAt = new Date(at + Math.ceil(level) * forgiveMs + longestMs);
    if (!before) return await tries.insert({ _id, level, at, version: 1, forgetAt });
    const change = { $set: { level, at, version: before.version + 1, forgetAt } };
    return await tries.update({ _id, version: before.version }, change);
  }

  #ruleOf({ rule }: Counter): DelayRule {
    const { free, ...rest } = delayRules[rule];
    const { factor } = this.#deps;
    return { ...rest, free: Math.ceil(free * factor), firstMs: Math.ceil(rest.firstMs / Math.max(1, factor)) };
  }

  #idOf({ rule, key }: Counter): string {
    return createHmac('sha256', this.#key).update(`${rule}\n${key}`).digest('base64url');
  }
}

/** Wrong, and not: out of order. Only the first counts. */
function isMiss(error: unknown): boolean {
  return error instanceof AppError && ['BAD_CREDENTIALS', 'WRONG_CODE', 'CODE_EXPIRED'].includes(error.code);
}

const nothing: Tally = { level: 0, at: 0 };

function refuse(waitMs: number): void {
  if (waitMs <= 0) return;
  throw new AppError('RATE_LIMITED', 'too many tries', { retryAfterSeconds: Math.ceil(waitMs / 1000) });
}
