import type { Collection } from 'mongodb';
import { done, Grouped } from '../support/Grouped.ts';
import type { Doc } from './mongo.ts';

/**
 * Finds documents by id. Alone, a look-up is one query at once; in a crowd those that wait share the next one. A query
 * always starts after everybody who shares it has asked, so nobody gets older news than with a query of their own.
 */
export class Lookups {
  readonly #collection: Collection<Doc>;
  readonly #asked: Grouped<string, Doc | null>;

  constructor(collection: Collection<Doc>) {
    this.#collection = collection;
    this.#asked = new Grouped({
      atOnce: 2,
      mostTogether: 500,
      run: async (ids) => {
        const found = await this.#find([...new Set(ids)]);
        return ids.map((id) => done(found.get(id) ?? null));
      },
    });
  }

  get(id: string): Promise<Doc | null> {
    return this.#asked.put(id);
  }

  async #find(ids: readonly string[]): Promise<Map<string, Doc>> {
    const [only] = ids;
    if (ids.length === 1 && only !== undefined) {
      const doc = await this.#collection.findOne({ _id: only });
      return new Map(doc ? [[only, doc]] : []);
    }
    const docs = await this.#collection.find({ _id: { $in: [...ids] } }).toArray();
    return new Map(docs.map((doc) => [doc._id, doc]));
  }
}
