import { splitSequence } from '../bson.ts';
import { duplicateError, mapWriteErrors } from '../duplicates.ts';
import type { Handler } from '../Request.ts';
import { guarded, upsertKey, upsertKeys } from '../writeGuards.ts';
import { bsonColumn, isTrue, onlyRow } from './replies.ts';

/** `insert`, `update` and `delete` differ in the engine function and in the name of their documents only. */
function batch(fn: 'insert' | 'update' | 'delete', field: string): Handler {
  const text = `SELECT p_result, p_success FROM documentdb_api.${fn}($1, $2, $3)`;
  return async (request, { engine, uniqueKeys }) => {
    const collection = request.collection();
    const namespace = `${request.database}.${collection}`;
    const documents = request.sequence(field);
    const claims: Record<typeof fn, () => string[] | Promise<string[]>> = {
      insert: () => uniqueKeys.of(request.database, collection, documents),
      update: () => upsertKeys(namespace, documents),
      delete: () => [],
    };
    const values = [request.database, request.spec(field), documents];
    const row = onlyRow(await guarded(namespace, await claims[fn](), () => engine.run(fn, text, values)));
    const result = bsonColumn(row, 0);
    if (isTrue(row, 1)) return result;
    const inserted = fn === 'insert' ? splitSequence(documents) : [];
    return mapWriteErrors(engine, request.database, collection, result, inserted);
  };
}

const findAndModify: Handler = async (request, { engine }) => {
  const collection = request.collection();
  const namespace = `${request.database}.${collection}`;
  const text = 'SELECT p_result FROM documentdb_api.find_and_modify($1, $2)';
  const values = [request.database, request.spec()];
  const filter = request.document('query');
  const keys = filter !== undefined && request.isTrue('upsert') ? [upsertKey(namespace, filter)] : [];
  try {
    return bsonColumn(onlyRow(await guarded(namespace, keys, () => engine.run('findAndModify', text, values))), 0);
  } catch (error) {
    throw await duplicateError(engine, request.database, collection, error);
  }
};

export const writeCommands: Record<string, Handler> = {
  insert: batch('insert', 'documents'),
  update: batch('update', 'updates'),
  delete: batch('delete', 'deletes'),
  findAndModify,
  findandmodify: findAndModify,
};
