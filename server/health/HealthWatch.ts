import type { Collection, Db } from 'mongodb';
import { z } from 'zod';
import type { Notifier } from '../notify/Notifier.ts';
import type { Repos } from '../store/Repos.ts';
import { isDuplicateKey, type Doc } from '../store/mongo.ts';
import type { Logger } from '../support/logger.ts';
import type { Judgement } from './judgement.ts';
import { next, watched, type Watched } from './watchRules.ts';

export interface HealthWatchDeps {
  readonly db: Db;
  readonly repos: Pick<Repos, 'accounts'>;
  readonly notifier: Pick<Notifier, 'notify' | 'takeBack'>;
  readonly log: Logger;
  readonly now: () => number;
  /** How each stands; null: there is nothing to watch, or it cannot be told just now. */
  readonly looks: Readonly<Record<Watched, () => Promise<Judgement | null>>>;
}

const stored = z.object({
  _id: z.enum(watched),
  level: z.enum(['ok', 'warn', 'fail']),
  since: z.number(),
  betterSince: z.number().nullable(),
  /** Admins know of it. */
  told: z.boolean(),
  /** The cause under which they were told of a fault that stands; null: of none. */
  cause: z.string().nullable(),
});
type Stored = z.infer<typeof stored>;
export type HealthState = Pick<Stored, '_id' | 'level'>;

/**
 * Looks at what silently ends an installation, and tells every admin once when it becomes worse; takes it back when it is mended. Any hub may look,
 * in whatever order: what stands is one document each, changed by compare-and-set, and a telling that was interrupted is finished by the next look.
 */
export class HealthWatch {
  readonly #deps: HealthWatchDeps;
  readonly #states: Collection<Doc>;

  constructor(deps: HealthWatchDeps) {
    this.#deps = deps;
    this.#states = deps.db.collection<Doc>('healthStates');
  }

  /** One look at everything. Call it every few minutes, on any hub. */
  async look(): Promise<void> {
    for (const what of watched) {
      try {
        await this.#lookAt(what);
      } catch (error) {
        this.#deps.log.warn({ err: error, what }, 'health not looked at; the next look tries again');
      }
    }
  }

  /** How everything stands, for the metrics. */
  async states(): Promise<HealthState[]> {
    return (await this.#states.find().toArray()).map((doc) => stored.parse(doc));
  }

  async #lookAt(what: Watched): Promise<void> {
    const { looks, log, now } = this.#deps;
    const judged = await looks[what]();
    let state = stored.nullable().parse(await this.#states.findOne({ _id: what }));
    if (judged !== null) {
      const standing = next(state, judged.level, now());
      const changed = standing.level !== state?.level;
      if (changed) log.warn({ what, level: standing.level, finding: judged.finding }, 'health changed');
      const saved: Stored = {
        ...{ _id: what, told: state?.told ?? standing.level === 'ok', cause: state?.cause ?? null },
        ...standing,
        ...(changed && state !== null ? { told: false } : {}),
      };
      if (!(await this.#save(state, saved))) return;
      state = saved;
    }
    if (state && !state.told) await this.#tell(state);
  }

  /** False when another hub was quicker. */
  async #save(before: Stored | null, after: Stored): Promise<boolean> {
    const { _id, ...fields } = after;
    if (before !== null) {
      const same = { _id, level: before.level, since: before.since, betterSince: before.betterSince };
      return (await this.#states.updateOne(same, { $set: fields })).matchedCount === 1;
    }
    try {
      await this.#states.insertOne({ _id, ...fields });
      return true;
    } catch (error) {
      if (isDuplicateKey(error)) return false;
      throw error;
    }
  }

  async #tell({ _id: what, level, since, cause: before }: Stored): Promise<void> {
    const { repos, notifier } = this.#deps;
    const cause = `health:${what}:${since}`;
    const kind = `system.${what}` as const;
    for (const { _id: accountId } of await repos.accounts.many({ roles: 'admin' })) {
      if (level === 'ok') {
        if (before !== null) await notifier.takeBack(accountId, before);
      } else {
        await notifier.notify({ accountId, cause, notice: { kind } });
      }
    }
    const done = { told: true, cause: level === 'ok' ? null : cause };
    await this.#states.updateOne({ _id: what, since, told: false }, { $set: done });
  }
}
