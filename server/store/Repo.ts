import type { Collection, Db, Filter, Sort, UpdateFilter } from 'mongodb';
import type { z } from 'zod';
import type { Sealer } from '../keys/Sealer.ts';
import { Lookups } from './Lookups.ts';
import { isDuplicateKey, type Doc } from './mongo.ts';

/** A collection whose documents are parsed as they come out: what is not of the shape is an error, not a surprise later. */
export class Repo<T extends { _id: string }> {
  readonly #collection: Collection<Doc>;
  readonly #schema: z.ZodType<T>;
  readonly #lookups: Lookups;
  readonly #sealer: Sealer | null;

  /** @param sealer for documents with clinical fields: they are sealed on the way in and opened on the way out. */
  constructor(db: Db, name: string, schema: z.ZodType<T>, sealer: Sealer | null = null) {
    this.#collection = db.collection<Doc>(name);
    this.#schema = schema;
    this.#sealer = sealer;
    this.#lookups = new Lookups(this.#collection);
  }

  async get(id: string): Promise<T | null> {
    const found = await this.#lookups.get(id);
    return found ? await this.#parse(found) : null;
  }

  async one(filter: Filter<Doc>): Promise<T | null> {
    const found = await this.#collection.findOne(filter);
    return found ? await this.#parse(found) : null;
  }

  async many(filter: Filter<Doc>, options: { sort?: Sort; limit?: number } = {}): Promise<T[]> {
    const found = await this.#collection.find(filter, options).toArray();
    return await Promise.all(found.map((doc) => this.#parse(doc)));
  }

  /** False when a unique key stood in the way. */
  async insert(doc: T): Promise<boolean> {
    const sealed = this.#sealer ? await this.#sealer.seal({ ...doc }) : { ...doc };
    try {
      await this.#collection.insertOne(sealed);
      return true;
    } catch (error) {
      if (isDuplicateKey(error)) return false;
      throw error;
    }
  }

  /** Conditional update; true when it matched. */
  async update(filter: Filter<Doc>, change: UpdateFilter<Doc>): Promise<boolean> {
    this.#sealer?.refuse(change.$set);
    const result = await this.#collection.updateOne(filter, change);
    return result.matchedCount === 1;
  }

  /** Puts another version in the place of the document that matches, sealed fields included; true when it matched. */
  async replace(filter: Filter<Doc>, doc: T): Promise<boolean> {
    const { _id, ...rest } = this.#sealer ? await this.#sealer.seal({ ...doc }) : { ...doc };
    const result = await this.#collection.replaceOne({ ...filter, _id }, rest);
    return result.matchedCount === 1;
  }

  /** As {@link update}, where the change itself may meet a unique key (`taken`). */
  async tryUpdate(filter: Filter<Doc>, change: UpdateFilter<Doc>): Promise<'done' | 'unmatched' | 'taken'> {
    try {
      return (await this.update(filter, change)) ? 'done' : 'unmatched';
    } catch (error) {
      if (isDuplicateKey(error)) return 'taken';
      throw error;
    }
  }

  /** True when it was there. */
  async remove(filter: Filter<Doc>): Promise<boolean> {
    return (await this.#collection.deleteOne(filter)).deletedCount === 1;
  }

  async updateMany(filter: Filter<Doc>, change: UpdateFilter<Doc>): Promise<number> {
    this.#sealer?.refuse(change.$set);
    return (await this.#collection.updateMany(filter, change)).modifiedCount;
  }

  async #parse(doc: Doc): Promise<T> {
    return this.#schema.parse(this.#sealer ? await this.#sealer.open(doc) : doc);
  }
}
