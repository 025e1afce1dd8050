import type { AnyBulkWriteOperation, Collection, Db, UpdateFilter } from 'mongodb';
import { z } from 'zod';
import { Lookups } from '../store/Lookups.ts';
import { isDuplicateKey, type Doc } from '../store/mongo.ts';
import { ErasedError, type MasterKeys, SealError, type WrappedKey } from './MasterKeys.ts';

/** A key as stored, and as a keyring holds it. */
export const storedKey = z.object({
  _id: z.string(),
  /** Absent once destroyed. */
  wrapped: z.object({ kid: z.string(), bytes: z.string() }).optional(),
  createdAt: z.number(),
  destroyedAt: z.number().optional(),
});
export type StoredKey = z.infer<typeof storedKey>;

/** Where they are. Never part of a backup's archive: what a backup keeps of them is the keyring, see `keyring.ts`. */
export const keysCollection = 'keys';

export interface ImportedKeys {
  readonly added: number;
  readonly destroyed: number;
}

/** A key taken from the database is believed for this long: a destroyed one stops opening within it, on every hub. */
const rememberMs = 5_000;
const mostRemembered = 5_000;

/**
 * One key per subject (a patient; a clinic for what belongs to no patient), wrapped by the master key. Everything clinical
 * about the subject is sealed with it: destroying it erases them everywhere, backups of the data included.
 */
export class PatientKeys {
  readonly #keys: Collection<Doc>;
  readonly #lookups: Lookups;
  readonly #master: MasterKeys;
  readonly #now: () => number;
  readonly #remembered = new Map<string, { readonly key: Buffer; readonly until: number }>();

  constructor(db: Db, master: MasterKeys, now: () => number) {
    this.#keys = db.collection<Doc>(keysCollection);
    this.#lookups = new Lookups(this.#keys);
    this.#master = master;
    this.#now = now;
  }

  /** The subject's key, made on first use. @throws ErasedError when it was destroyed. */
  async keyOf(subjectId: string): Promise<Buffer> {
    const known = await this.#known(subjectId);
    if (known !== undefined) {
      if (known === null) throw new ErasedError();
      return known;
    }
    const made = await this.#make(subjectId);
    if (!made.wrapped) throw new ErasedError();
    return this.#unwrapped(subjectId, made.wrapped);
  }

  /** The subject's key for reading: null when it was destroyed, undefined when there never was one. */
  async keyIfAny(subjectId: string): Promise<Buffer | null | undefined> {
    return await this.#known(subjectId);
  }

  async #known(subjectId: string): Promise<Buffer | null | undefined> {
    const known = this.#remembered.get(subjectId);
    if (known && known.until > this.#now()) return known.key;
    const stored = await this.#read(subjectId);
    if (!stored) return undefined;
    return stored.wrapped ? this.#unwrapped(subjectId, stored.wrapped) : null;
  }

  #unwrapped(subjectId: string, wrapped: WrappedKey): Buffer {
    const key = this.#master.unwrap(wrapped, subjectId);
    if (this.#remembered.size >= mostRemembered) this.#remembered.clear();
    this.#remembered.set(subjectId, { key, until: this.#now() + rememberMs });
    return key;
  }

  /** Erases the subject: what was sealed for them can never be opened again. Idempotent; a key never comes back. */
  async destroy(subjectId: string): Promise<void> {
    this.#remembered.delete(subjectId);
    const now = this.#now();
    await this.#keys.updateOne(
      { _id: subjectId },
      { $set: { destroyedAt: now }, $unset: { wrapped: '' }, $setOnInsert: { createdAt: now } },
      { upsert: true },
    );
  }

  /** The subject's key is no longer in memory: it was destroyed by another hub. */
  forget(subjectId: string): void {
    this.#remembered.delete(subjectId);
  }

  /** Destroys the keys of subjects from one id up to before another. */
  async destroyBetween(from: string, before: string): Promise<void> {
    const found = await this.#keys.find({ _id: { $gte: from, $lt: before }, wrapped: { $exists: true } }).toArray();
    for (const { _id } of found) await this.destroy(_id);
  }

  /**
   * Wraps every key with the current master key. May run while the hub serves, be interrupted and be run again.
   * @returns how many were wrapped anew.
   */
  async rewrap(batch = 500): Promise<number> {
    let done = 0;
    for (;;) {
      const old = await this.#keys
        .find({ wrapped: { $exists: true }, 'wrapped.kid': { $ne: this.#master.current } })
        .limit(batch)
        .toArray();
      if (old.length === 0) return done;
      const changes = old.map((doc) => {
        const { _id, wrapped } = storedKey.parse(doc);
        if (!wrapped) throw new SealError('a key without its bytes');
        const next = this.#master.wrap(this.#master.unwrap(wrapped, _id), _id);
        return {
          updateOne: { filter: { _id, 'wrapped.bytes': wrapped.bytes }, update: { $set: { wrapped: next } } },
        };
      });
      done += (await this.#keys.bulkWrite(changes, { ordered: false })).modifiedCount;
    }
  }

  /** Every key as it is stored, wrapped, and of destroyed ones that they were; in the order of their ids, page by page. */
  async *exportWrapped(page = 1_000): AsyncGenerator<StoredKey, void, undefined> {
    for (let after = ''; ;) {
      const docs = await this.#keys
        .find({ _id: { $gt: after } })
        .sort({ _id: 1 })
        .limit(page)
        .toArray();
      for (const doc of docs) yield storedKey.parse(doc);
      const last = docs.at(-1);
      if (!last || docs.length < page) return;
      after = last._id;
    }
  }

  /**
   * Takes keys over from a keyring; may be run again. A key that is here stays as it is, and one that either side
   * knows as destroyed is destroyed.
   * @returns how many were added, and how many are destroyed by what the keyring says.
   * @throws ZodError for what is no key.
   */
  async importWrapped(keyring: AsyncIterable<unknown> | Iterable<unknown>, batch = 500): Promise<ImportedKeys> {
    const done = { added: 0, destroyed: 0 };
    let held: StoredKey[] = [];
    const flush = async (): Promise<void> => {
      if (held.length === 0) return;
      const writes = held.map(({ _id, ...key }): AnyBulkWriteOperation<Doc> => {
        const update: UpdateFilter<Doc> = key.wrapped
          ? { $setOnInsert: key }
          : {
              $set: { destroyedAt: key.destroyedAt ?? key.createdAt },
              $unset: { wrapped: true },
              $setOnInsert: { createdAt: key.createdAt },
            };
        return { updateOne: { filter: { _id }, update, upsert: true } };
      });
      const result = await this.#keys.bulkWrite(writes, { ordered: false });
      done.added += result.upsertedCount;
      done.destroyed += held.filter((key) => !key.wrapped).length;
      for (const key of held) if (!key.wrapped) this.#remembered.delete(key._id);
      held = [];
    };
    for await (const one of keyring) {
      held.push(storedKey.parse(one));
      if (held.length >= batch) await flush();
    }
    await flush();
    return done;
  }

  /** Whose keys were destroyed. */
  async *destroyedSubjects(): AsyncGenerator<string, void, undefined> {
    const found = this.#keys.find({ destroyedAt: { $exists: true } }, { projection: { _id: 1 } });
    for await (const { _id } of found) yield _id;
  }

  /** How many keys were ever destroyed; only grows. */
  async destroyedCount(): Promise<number> {
    return await this.#keys.countDocuments({ destroyedAt: { $exists: true } });
  }

  async #read(subjectId: string): Promise<StoredKey | null> {
    const found = await this.#lookups.get(subjectId);
    return found ? storedKey.parse(found) : null;
  }

  async #make(subjectId: string): Promise<StoredKey> {
    const { wrapped } = this.#master.newKey(subjectId);
    const made: StoredKey = { _id: subjectId, wrapped, createdAt: this.#now() };
    try {
      await this.#keys.insertOne({ ...made });
      return made;
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
      const theirs = await this.#read(subjectId);
      if (!theirs) throw new SealError('a key vanished', { cause: error });
      return theirs;
    }
  }
}
