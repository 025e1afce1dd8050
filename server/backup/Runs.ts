import type { Collection, Db } from 'mongodb';
import { z } from 'zod';
import { isDuplicateKey, type Doc } from '../store/mongo.ts';
import { retryAfter } from './calendar.ts';

/** A run that has not said for this long that it lives belongs to a hub that died, ms. */
const goneMs = 90_000;

const storedRun = z.object({
  _id: z.string(),
  kind: z.enum(['backup', 'verify']),
  state: z.enum(['running', 'done', 'failed']),
  hub: z.string(),
  attempts: z.int().positive(),
  startedAt: z.number(),
  aliveAt: z.number(),
  finishedAt: z.number().optional(),
  /** The archive it made, or read back. */
  name: z.string().optional(),
  bytes: z.number().optional(),
  /** Why it failed: a code, no words. */
  fault: z.string().optional(),
});
export type Run = z.infer<typeof storedRun>;

/** Backups taken and read back, one document each. Whoever writes its document does it: one hub, however many there are. */
export class Runs {
  readonly #runs: Collection<Doc>;
  readonly #hub: string;
  readonly #now: () => number;

  constructor(db: Db, hub: string, now: () => number) {
    this.#runs = db.collection<Doc>('backups');
    this.#hub = hub;
    this.#now = now;
  }

  /** Takes a run, also over from a hub that died in it, or again after a failure and a pause. Null when it is another's, or done. */
  async claim(id: string, kind: Run['kind']): Promise<Run | null> {
    const now = this.#now();
    const first: Run = { _id: id, kind, state: 'running', hub: this.#hub, attempts: 1, startedAt: now, aliveAt: now };
    try {
      await this.#runs.insertOne({ ...first });
      return first;
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
    const found = await this.get(id);
    if (!found || !mayTakeUp(found, now)) return null;
    const { attempts, state } = found;
    const next: Run = { ...first, attempts: attempts + 1 };
    const { _id, ...fields } = next;
    const taken = await this.#runs.updateOne(
      { _id, attempts, state },
      { $set: fields, $unset: { finishedAt: '', fault: '' } },
    );
    return taken.modifiedCount === 1 ? next : null;
  }

  async get(id: string): Promise<Run | null> {
    return storedRun.nullable().parse(await this.#runs.findOne({ _id: id }));
  }

  async alive(run: Run): Promise<void> {
    await this.#runs.updateOne(mine(run), { $set: { aliveAt: this.#now() } });
  }

  async finish(run: Run, outcome: Pick<Run, 'state' | 'name' | 'bytes' | 'fault'>): Promise<void> {
    await this.#runs.updateOne(mine(run), { $set: { ...outcome, finishedAt: this.#now() } });
  }

  /** The newest that ended so. */
  async latest(kind: Run['kind'], state: Run['state']): Promise<Run | null> {
    const [found] = await this.#runs.find({ kind, state }).sort({ startedAt: -1 }).limit(1).toArray();
    return found ? storedRun.parse(found) : null;
  }

  /** The backup under way on any hub that lives. */
  async running(): Promise<Run | null> {
    const run = await this.latest('backup', 'running');
    return run && run.aliveAt > this.#now() - goneMs ? run : null;
  }
}

const mine = ({ _id, attempts, hub }: Run): { _id: string; attempts: number; hub: string } => ({ _id, attempts, hub });

function mayTakeUp({ state, attempts, aliveAt, finishedAt }: Run, now: number): boolean {
  if (state === 'done') return false;
  if (state === 'running') return aliveAt < now - goneMs;
  const pause = retryAfter(attempts);
  return pause !== null && (finishedAt ?? 0) + pause < now;
}
