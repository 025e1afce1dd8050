import { deserialize, serialize, type Document } from 'bson';
import { z } from 'zod';
import { codeOfSqlState, unpackSqlState } from './engineCodes.ts';
import { Code, CommandError } from './errors.ts';
import type { Engine } from './Engine.ts';
import { SqlError } from './sql/SqlError.ts';

/** Keeps every BSON type as it came (numbers, longs, regexes). */
const faithful = { promoteValues: false, promoteLongs: false, bsonRegExp: true } as const;

const WriteError = z.looseObject({ index: z.number(), code: z.number(), errmsg: z.string() });
type WriteError = z.infer<typeof WriteError>;

interface IndexKey {
  name: string;
  key: Document;
}

/**
 * Turns the engine's write errors into MongoDB's: codes mapped, and for a duplicate key the message `E11000 …` with `keyPattern`
 * and, for inserts, `keyValue`.
 */
export async function mapWriteErrors(
  engine: Engine,
  database: string,
  collection: string,
  result: Buffer,
  inserted: readonly Buffer[],
): Promise<Buffer> {
  const document = deserialize(result, faithful);
  const errors = z.array(WriteError).catch([]).parse(deserialize(result)['writeErrors']);
  const mapped: Document[] = [];
  for (const error of errors) mapped.push(await mapOne(engine, database, collection, error, inserted[error.index]));
  return Buffer.from(serialize({ ...document, writeErrors: mapped }));
}

/** The index that the engine names in the only write error of a reply, if that is a duplicate key. */
export function violatedIndex(result: Buffer): string | undefined {
  const [error] = z.array(WriteError).catch([]).parse(deserialize(result)['writeErrors']);
  return error === undefined ? undefined : indexNamed(error.errmsg);
}

function indexNamed(errmsg: string): string | undefined {
  return /Index '(.*)'$/.exec(errmsg)?.[1];
}

/** The reply to an insert of one document that lost its key to another before it was tried. */
export function lostInsert(database: string, collection: string, index: IndexKey, document: Buffer): Buffer {
  const error = { index: 0, code: Code.DuplicateKey, ...describe(database, collection, index, document) };
  return Buffer.from(serialize({ n: 0, writeErrors: [error], ok: 1 }));
}

async function mapOne(
  engine: Engine,
  database: string,
  collection: string,
  { index, code, errmsg }: WriteError,
  inserted: Buffer | undefined,
): Promise<Document> {
  const state = unpackSqlState(code);
  const known = state === undefined ? undefined : (codeOfSqlState(state) ?? (state.startsWith('23') ? 11000 : 1));
  if (known !== Code.DuplicateKey) return { index, code: known ?? code, errmsg };
  const name = indexNamed(errmsg);
  const key = name === undefined ? undefined : await indexByName(engine, database, collection, name);
  return { index, code: known, ...describe(database, collection, key, inserted) };
}

/** A duplicate key that arrived as PostgreSQL's own constraint violation, as a command error; anything else unchanged. */
export async function duplicateError(
  engine: Engine,
  database: string,
  collection: string,
  error: unknown,
): Promise<unknown> {
  if (!(error instanceof SqlError) || (error.state !== '23505' && error.state !== '23P01')) return error;
  const id = /^documents_rum_index_(\d+)$/.exec(error.constraint)?.[1];
  const key = id === undefined ? { name: '_id_', key: { _id: 1 } } : await indexById(engine, id);
  const { errmsg, ...extra } = describe(database, collection, key, undefined);
  return new CommandError(Code.DuplicateKey, errmsg, extra);
}

function describe(
  database: string,
  collection: string,
  index: IndexKey | undefined,
  inserted: Buffer | undefined,
): { errmsg: string; keyPattern?: Document; keyValue?: Document } {
  const errmsg = `E11000 duplicate key error collection: ${database}.${collection} index: ${index?.name ?? 'unknown'} dup key`;
  if (index === undefined) return { errmsg };
  if (inserted === undefined) return { errmsg, keyPattern: index.key };
  return { errmsg, keyPattern: index.key, keyValue: keyValue(index.key, deserialize(inserted, faithful)) };
}

/** The document's values at the index's paths, as MongoDB reports them; a missing one is null. */
function keyValue(pattern: Document, document: Document): Document {
  const at = (path: string): unknown =>
    path
      .split('.')
      .reduce<unknown>((value, step) => z.record(z.string(), z.unknown()).safeParse(value).data?.[step], document);
  return Object.fromEntries(Object.keys(pattern).map((path) => [path, at(path) ?? null]));
}

const columns = '(index_spec).index_name, (index_spec).index_key';

async function indexByName(
  engine: Engine,
  database: string,
  collection: string,
  name: string,
): Promise<IndexKey | undefined> {
  if (name === '_id_') return { name, key: { _id: 1 } };
  const text = `SELECT ${columns} FROM documentdb_api_catalog.collection_indexes i
    JOIN documentdb_api_catalog.collections c USING (collection_id)
    WHERE c.database_name = $1 AND c.collection_name = $2 AND (i.index_spec).index_name = $3`;
  return toIndex(await engine.run('index_by_name', text, [database, collection, name]));
}

async function indexById(engine: Engine, id: string): Promise<IndexKey | undefined> {
  const text = `SELECT ${columns} FROM documentdb_api_catalog.collection_indexes WHERE index_id = $1::int`;
  return toIndex(await engine.run('index_by_id', text, [id]));
}

function toIndex(rows: Awaited<ReturnType<Engine['run']>>): IndexKey | undefined {
  const [name, key] = rows[0] ?? [];
  return name && key ? { name: name.toString('utf8'), key: deserialize(key) } : undefined;
}
