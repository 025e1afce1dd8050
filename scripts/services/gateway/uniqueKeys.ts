import { deserialize } from 'bson';
import { asInteger, elements, splitSequence, Type, type Element } from './bson.ts';
import type { Engine } from './Engine.ts';

interface UniqueIndex {
  name: string;
  /** Each path split at its dots. */
  paths: string[][];
}

/** Beyond this many documents a batch takes no locks: a rare deadlock costs less than holding so many. */
const mostDocuments = 200;

/**
 * Which unique keys an insert is about to claim, as lock keys. The indexes are read once per collection: every change to them comes
 * through this gateway, which then calls `forget`.
 */
export class UniqueKeys {
  readonly #engine: Engine;
  readonly #known = new Map<string, Promise<UniqueIndex[]>>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  async of(database: string, collection: string, documents: Buffer): Promise<string[]> {
    const indexes = await this.#indexes(database, collection);
    if (indexes.length === 0) return [];
    const list = splitSequence(documents);
    if (list.length > mostDocuments) return [];
    return list.flatMap((document) => indexes.map((index) => keyOf(database, collection, index, document)));
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
    const text = `SELECT (i.index_spec).index_name, (i.index_spec).index_key FROM documentdb_api_catalog.collection_indexes i
      JOIN documentdb_api_catalog.collections c USING (collection_id)
      WHERE c.database_name = $1 AND c.collection_name = $2 AND (i.index_spec).index_is_unique`;
    const rows = await this.#engine.run('unique_indexes', text, [database, collection]);
    return rows.flatMap(([name, key]) =>
      name && key
        ? [{ name: name.toString('utf8'), paths: Object.keys(deserialize(key)).map((path) => path.split('.')) }]
        : [],
    );
  }
}

function keyOf(database: string, collection: string, index: UniqueIndex, document: Buffer): string {
  const values = index.paths.map((path) => valueAt(document, path, 0));
  return [database, collection, index.name, ...values].join('\0');
}

/** The value's bytes as text; whole numbers alike in every type, a missing value like null. */
function valueAt(document: Buffer, path: readonly string[], depth: number): string {
  const found: Element | undefined = elements(document).find(({ name }) => name === path[depth]);
  if (found === undefined) return '';
  const value = document.subarray(found.value, found.end);
  if (depth + 1 < path.length) return found.type === Type.document ? valueAt(value, path, depth + 1) : '';
  const whole = asInteger(document, found);
  return whole === undefined ? `${found.type}:${value.toString('latin1')}` : `n:${whole}`;
}
