import type { Collection, Db } from 'mongodb';
import { z } from 'zod';
import type { PatientKeys } from '../keys/PatientKeys.ts';
import type { Doc } from '../store/mongo.ts';
import { newId } from '../support/ids.ts';

/** Whoever began to write this long ago and did not finish has died, ms. */
const staleMs = 15 * 60_000;
/** Counting who was erased reads all keys: not every minute, ms. */
const lookEveryMs = 10 * 60_000;

const stored = z.object({
  /** Who is writing it, and since when. */
  writers: z.record(z.string(), z.number()).default({}),
  /** How many destroyed keys the copy knows of. */
  destroyed: z.int().default(0),
});

export interface KeyringCopyDeps {
  readonly db: Db;
  readonly patientKeys: Pick<PatientKeys, 'destroyedCount'>;
  readonly put: () => Promise<void>;
  readonly now: () => number;
}

/**
 * Keeps the keyring at the target free of destroyed keys. A writer notes that it begins: one that dies may have put an older keyring over a
 * newer one, so whoever finds its note writes again; so does who finds more keys destroyed than the copy knows of.
 */
export class KeyringCopy {
  readonly #deps: KeyringCopyDeps;
  readonly #notes: Collection<Doc>;
  #lookedAt = 0;

  constructor(deps: KeyringCopyDeps) {
    this.#deps = deps;
    this.#notes = deps.db.collection<Doc>('backups');
  }

  /** Writes the keys of now; returns when they are stored. */
  async rewrite(): Promise<void> {
    const { patientKeys, put, now } = this.#deps;
    const writer = `writers.${newId()}`;
    const note = { _id: 'keyring' };
    await this.#notes.updateOne(note, { $set: { [writer]: now() } }, { upsert: true });
    const destroyed = await patientKeys.destroyedCount();
    await put();
    await this.#notes.updateOne(note, { $unset: { [writer]: '' }, $max: { destroyed } });
  }

  /** Writes it again when it may hold what was destroyed. */
  async look(): Promise<void> {
    const { patientKeys, now } = this.#deps;
    if (this.#lookedAt > now() - lookEveryMs) return;
    this.#lookedAt = now();
    const { writers, destroyed } = stored.parse((await this.#notes.findOne({ _id: 'keyring' })) ?? {});
    const dead = Object.keys(writers).filter((id) => (writers[id] ?? 0) < now() - staleMs);
    if (dead.length === 0 && (await patientKeys.destroyedCount()) <= destroyed) return;
    await this.rewrite();
    const gone = Object.fromEntries(dead.map((id) => [`writers.${id}`, '' as const]));
    if (dead.length > 0) await this.#notes.updateOne({ _id: 'keyring' }, { $unset: gone });
  }
}
