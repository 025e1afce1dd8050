import type { Collection, Db, Filter, Sort, UpdateFilter } from 'mongodb';
import type { z } from 'zod';
import { isDuplicateKey, type Doc } from './mongo.ts';

/** A collection whose documents are parsed as they come out: what is not of the shape is an error, not a surprise later. */
export class Repo<T extends { _id: string }> {
  readonly #collection: Collection<Doc>;
  readonly #schema: z.ZodType<T>;

  constructor(db: Db, name: string, schema: z.ZodType<T>) {
    this.#collection = db.collection<Doc>(name);
    this.#schema = schema;
  }

  async get(id: string): Promise<T | null> {
    return await this.one({ _id: id });
  }

  async one(filter: Filter<Doc>): Promise<T | null> {
    const found = await this.#collection.findOne(filter);
    return found ? this.#schema.parse(found) : null;
  }

  async many(filter: Filter<Doc>, options: { sort?: Sort; limit?: number } = {}): Promise<T[]> {
    const found = await this.#collection.find(filter, options).toArray();
    return found.map((doc) => this.#schema.parse(doc));
  }

  /** False when a unique key stood in the way. */
  async insert(doc: T): Promise<boolean> {
    try {
      await this.#collection.insertOne({ ...doc });
      return true;
    } catch (error) {
      if (isDuplicateKey(error)) return false;
      throw error;
    }
  }

  /** Conditional update; true when it matched. */
  async update(filter: Filter<Doc>, change: UpdateFilter<Doc>): Promise<boolean> {
    const result = await this.#collection.updateOne(filter, change);
    return result.matchedCount === 1;
  }

  async updateMany(filter: Filter<Doc>, change: UpdateFilter<Doc>): Promise<number> {
    return (await this.#collection.updateMany(filter, change)).modifiedCount;
  }
}
