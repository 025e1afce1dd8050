import { deserialize, type Document } from 'bson';
import { asInteger, elements, splitSequence, Type, type Element } from './bson.ts';
import type { Engine } from './Engine.ts';
import type { Claim } from './KeyedLock.ts';

interface UniqueIndex {
  name: string;
  key: Document;
  /** Each path split at its dots. */
  paths: string[][];
  /** Binds every document of the collection, not only some (partial, sparse). */
  total: boolean;
}

/** A unique key that an insert is about to take. */
export interface KeyClaim extends Claim {
  index: { name: string; key: Document };
}

/** Beyond this many documents a batch takes no locks: a rare deadlock costs less than holding so many. */
const mostDocuments = 200;

/**
 * Which unique keys an insert is about to take. The indexes are read once per collection: every change to them comes through this
 * gateway, which then calls `forget`.
 */
export class UniqueKeys {
  readonly #engine: Engine;
  readonly #known = new Map<string, Promise<UniqueIndex[]>>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  async claims(database: string, collection: string, documents: Buffer): Promise<KeyClaim[]> {
    const indexes = await this.#indexes(database, collection);
    if (indexes.length === 0) return [];
    const list = splitSequence(documents);
    if (list.length > mostDocuments) return [];
    return list.flatMap((document) => indexes.flatMap((index) => claimOf(database, collection, index, document)));
  }

  /** Indexes of this database may have changed. */
  forget(database: string): void {
    for (const namespace of this.#known.keys()) if (namespace.startsWith(`${database}.`)) this.#known.delete(namespace);
  }

  async #indexes(database: string, collection: string): Promise<UniqueIndex[]> {
    const namespace = `${database}.${collection}`;
    const known = this.#known.get(namespace);
    if (known !== undefined) return known;
    const loading = this.#load(database, collection);
    this.#known.set(namespace, loading);
    loading.catch(() => this.#known.delete(namespace));
    return loading;
  }

  async #load(database: string, collection: string): Promise<UniqueIndex[]> {
    const text = `SELECT (i.index_spec).index_name, (i.index_spec).index_key,
        (i.index_spec).index_pfe IS NULL AND (i.index_spec).index_is_sparse IS NOT TRUE
      FROM documentdb_api_catalog.collection_indexes i
      JOIN documentdb_api_catalog.collections c USING (collection_id)
      WHERE c.database_name = $1 AND c.collection_name = $2 AND (i.index_spec).index_is_unique`;
    const rows = await this.#engine.run('unique_indexes', text, [database, collection]);
    return rows.flatMap(([name, bytes, total]) => {
      if (!name || !bytes) return [];
      const key = deserialize(bytes);
      const paths = Object.keys(key).map((path) => path.split('.'));
      return [{ name: name.toString('utf8'), key, paths, total: total?.[0] === 1 }];
    });
  }
}

/** None when the document has a value missing: other documents without it need not be in each other's way. */
function claimOf(database: string, collection: string, index: UniqueIndex, document: Buffer): KeyClaim[] {
  const values: string[] = [];
  for (const path of index.paths) {
    const value = valueAt(document, path, 0);
    if (value === undefined) return [];
    values.push(value);
  }
  return [{ key: [database, collection, index.name, ...values].join('\0'), exclusive: index.total, index }];
}

/** The value's type and bytes as text, whole numbers alike in every type; undefined when it is missing, null or in an array. */
function valueAt(document: Buffer, path: readonly string[], depth: number): string | undefined {
  const found: Element | undefined = elements(document).find(({ name }) => name === path[depth]);
  if (found === undefined || found.type === Type.array || found.type === Type.null) return undefined;
  const value = document.subarray(found.value, found.end);
  if (depth + 1 < path.length) return found.type === Type.document ? valueAt(value, path, depth + 1) : undefined;
  const whole = asInteger(document, found);
  return whole === undefined ? `${found.type}:${value.toString('latin1')}` : `n:${whole}`;
}
