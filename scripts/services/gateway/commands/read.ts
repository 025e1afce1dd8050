import { Code, CommandError } from '../errors.ts';
import type { Handler, Request, Services } from '../Request.ts';
import { releaseCursors } from './handshake.ts';
import { bsonColumn, onlyRow } from './replies.ts';

/** Runs an engine function that opens a cursor; its page is the reply as it is. */
async function firstPage(
  fn: string,
  request: Request,
  { engine, cursors }: Services,
  collection: string,
): Promise<Buffer> {
  const text = `SELECT cursorpage, continuation, cursorid FROM documentdb_api.${fn}($1, $2)`;
  const row = onlyRow(await engine.run(fn, text, [request.database, request.spec()]));
  const [, continuation, id] = row;
  if (continuation && id) {
    await releaseCursors(engine, cursors.add(id.readBigInt64BE(0), request.database, collection, continuation));
  }
  return bsonColumn(row, 0);
}

const find: Handler = (request, services) =>
  firstPage('find_cursor_first_page', request, services, request.collection());

const aggregate: Handler = (request, services) => {
  // A database-level pipeline says `aggregate: 1`; its cursor belongs to `$cmd.aggregate`.
  const collection = request.integer('aggregate') === 1n ? '$cmd.aggregate' : request.collection();
  return firstPage('aggregate_cursor_first_page', request, services, collection);
};

const listCollections: Handler = (request, services) =>
  firstPage('list_collections_cursor_first_page', request, services, '$cmd.listCollections');

const listIndexes: Handler = (request, services) =>
  firstPage('list_indexes_cursor_first_page', request, services, request.collection());

const getMore: Handler = async (request, { engine, cursors }) => {
  const id = request.integer('getMore');
  if (id === undefined) throw new CommandError(Code.TypeMismatch, 'getMore needs a cursor id');
  const cursor = cursors.take(id, request.database, request.collection('collection'));
  try {
    const row = onlyRow(
      await engine.run(
        'cursor_get_more',
        'SELECT cursorpage, continuation FROM documentdb_api.cursor_get_more($1, $2, $3)',
        [request.database, request.spec(), cursor.continuation],
      ),
    );
    cursors.settle(cursor, row[1] ?? null);
    return bsonColumn(row, 0);
  } catch (error) {
    // Whether the batch was consumed is unknown now; continuing could skip or repeat documents.
    cursors.settle(cursor, null);
    throw error;
  }
};

const count: Handler = async (request, { engine }) => {
  request.collection();
  const text = 'SELECT document FROM documentdb_api.count_query($1, $2)';
  return bsonColumn(onlyRow(await engine.run('count', text, [request.database, request.spec()])), 0);
};

const distinct: Handler = async (request, { engine }) => {
  request.collection();
  const text = 'SELECT document FROM documentdb_api.distinct_query($1, $2)';
  return bsonColumn(onlyRow(await engine.run('distinct', text, [request.database, request.spec()])), 0);
};

export const readCommands: Record<string, Handler> = {
  find,
  aggregate,
  getMore,
  listCollections,
  listIndexes,
  count,
  distinct,
};
