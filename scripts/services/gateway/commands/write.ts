import { splitSequence } from '../bson.ts';
import { duplicateError, lostInsert, mapWriteErrors, violatedIndex } from '../duplicates.ts';
import { Code, CommandError } from '../errors.ts';
import type { Row } from '../Engine.ts';
import type { Handler, Request, Services } from '../Request.ts';
import { guarded, upsertClaim, upsertClaims } from '../writeGuards.ts';
import { bsonColumn, isTrue, onlyRow } from './replies.ts';

const batchText = (fn: string): string => `SELECT p_result, p_success FROM documentdb_api.${fn}($1, $2, $3)`;
const succeeded = (row: Row): boolean => isTrue(row, 1);

/** A lost claim of a write that has no exclusive ones. */
function impossible(): CommandError {
  return new CommandError(Code.InternalError, 'a shared claim was lost');
}

async function runBatch(
  fn: string,
  request: Request,
  { engine }: Services,
  documents: Buffer,
  field: string,
): Promise<Row> {
  return onlyRow(await engine.run(fn, batchText(fn), [request.database, request.spec(field), documents]));
}

const insert: Handler = async (request, services) => {
  const collection = request.collection();
  const { database } = request;
  const documents = request.sequence('documents');
  const list = splitSequence(documents);
  const claims = await services.uniqueKeys.claims(database, collection, documents);
  // Which of several documents lost, and what of the rest is to be done, is for the engine to say.
  const lockable = list.length === 1 ? claims : claims.map((claim) => ({ ...claim, exclusive: false }));
  const exists = (row: Row, key: string): boolean =>
    succeeded(row) || claims.find((claim) => claim.key === key)?.index.name === violatedIndex(bsonColumn(row, 0));
  const result = await guarded(`${database}.${collection}`, lockable, exists, () =>
    runBatch('insert', request, services, documents, 'documents'),
  );
  if ('lost' in result) {
    const claim = claims.find(({ key }) => key === result.lost);
    if (claim === undefined || list[0] === undefined) throw impossible();
    return lostInsert(database, collection, claim.index, list[0]);
  }
  const reply = bsonColumn(result.value, 0);
  return succeeded(result.value) ? reply : mapWriteErrors(services.engine, database, collection, reply, list);
};

/** `update` and `delete` differ in the names of their documents only; deletes have no upserts to claim. */
function batch(fn: 'update' | 'delete', field: string): Handler {
  return async (request, services) => {
    const collection = request.collection();
    const namespace = `${request.database}.${collection}`;
    const statements = request.sequence(field);
    const result = await guarded(namespace, upsertClaims(namespace, statements), succeeded, () =>
      runBatch(fn, request, services, statements, field),
    );
    if ('lost' in result) throw impossible();
    const reply = bsonColumn(result.value, 0);
    return succeeded(result.value) ? reply : mapWriteErrors(services.engine, request.database, collection, reply, []);
  };
}

const findAndModify: Handler = async (request, { engine }) => {
  const collection = request.collection();
  const namespace = `${request.database}.${collection}`;
  const text = 'SELECT p_result FROM documentdb_api.find_and_modify($1, $2)';
  const values = [request.database, request.spec()];
  const filter = request.document('query');
  const claims = filter !== undefined && request.isTrue('upsert') ? [upsertClaim(namespace, filter)] : [];
  try {
    const result = await guarded(
      namespace,
      claims,
      () => true,
      async () => onlyRow(await engine.run('findAndModify', text, values)),
    );
    if ('lost' in result) throw impossible();
    return bsonColumn(result.value, 0);
  } catch (error) {
    throw await duplicateError(engine, request.database, collection, error);
  }
};

export const writeCommands: Record<string, Handler> = {
  insert,
  update: batch('update', 'updates'),
  delete: batch('delete', 'deletes'),
  findAndModify,
  findandmodify: findAndModify,
};
