import type { Handler } from '../Request.ts';
import { splitSequence } from '../bson.ts';
import { duplicateError, mapWriteErrors } from '../duplicates.ts';
import { bsonColumn, onlyRow } from './replies.ts';

/** `insert`, `update` and `delete` differ in the engine function and in the name of their documents only. */
function batch(fn: 'insert' | 'update' | 'delete', field: string): Handler {
  const text = `SELECT p_result, p_success FROM documentdb_api.${fn}($1, $2, $3)`;
  return async (request, { engine }) => {
    const collection = request.collection();
    const documents = request.sequence(field);
    const row = onlyRow(await engine.run(fn, text, [request.database, request.spec(field), documents]));
    const result = bsonColumn(row, 0);
    if (row[1] === 't') return result;
    const inserted = fn === 'insert' ? splitSequence(documents) : [];
    return mapWriteErrors(engine, request.database, collection, result, inserted);
  };
}

const findAndModify: Handler = async (request, { engine }) => {
  const collection = request.collection();
  const text = 'SELECT p_result FROM documentdb_api.find_and_modify($1, $2)';
  try {
    return bsonColumn(onlyRow(await engine.run('findAndModify', text, [request.database, request.spec()])), 0);
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
