import { Code, CommandError } from '../errors.ts';
import type { Handler } from '../Request.ts';
import { bsonColumn, isTrue, onlyRow, reply } from './replies.ts';

const create: Handler = async (request, { engine }) => {
  request.collection();
  const text = 'SELECT documentdb_api.create_collection_view($1, $2)';
  return bsonColumn(onlyRow(await engine.runLong('create', text, [request.database, request.spec()])), 0);
};

/** The blocking form: the background one answers before the index exists, and duplicates slip in meanwhile. */
const createIndexes: Handler = async (request, { engine }) => {
  request.collection();
  const text = 'SELECT documentdb_api_internal.create_indexes_non_concurrently($1, $2, true)';
  return bsonColumn(onlyRow(await engine.runLong('createIndexes', text, [request.database, request.spec()])), 0);
};

const dropIndexes: Handler = async (request, { engine }) => {
  request.collection();
  const text = 'CALL documentdb_api.drop_indexes($1, $2)';
  return bsonColumn(onlyRow(await engine.runLong('dropIndexes', text, [request.database, request.spec()])), 0);
};

const listDatabases: Handler = async (request, { engine }) => {
  if (request.database !== 'admin')
    throw new CommandError(13, 'listDatabases may only be run against the admin database.');
  const text = 'SELECT documentdb_api.list_databases($1)';
  return bsonColumn(onlyRow(await engine.run('listDatabases', text, [request.spec()])), 0);
};

/** Dropping what does not exist succeeds, as since MongoDB 7.0. */
const drop: Handler = async (request, { engine }) => {
  const collection = request.collection();
  const text = 'SELECT documentdb_api.drop_collection($1, $2)';
  const row = onlyRow(await engine.runLong('drop', text, [request.database, collection]));
  const ns = `${request.database}.${collection}`;
  return reply(isTrue(row, 0) ? { ns, nIndexesWas: 1, ok: 1 } : { ok: 1 });
};

const dropDatabase: Handler = async (request, { engine }) => {
  if (request.integer('dropDatabase') !== 1n) throw new CommandError(Code.BadValue, 'have to pass 1 as db parameter');
  await engine.runLong('dropDatabase', 'SELECT documentdb_api.drop_database($1)', [request.database]);
  return reply({ dropped: request.database, ok: 1 });
};

const collMod: Handler = async (request, { engine }) => {
  const collection = request.collection();
  const text = 'SELECT documentdb_api.coll_mod($1, $2, $3)';
  const row = onlyRow(await engine.runLong('collMod', text, [request.database, collection, request.spec()]));
  return bsonColumn(row, 0);
};

/** Whatever may change indexes makes the gateway forget what it knows of them: before, and after for who read meanwhile. */
function changingIndexes(handler: Handler): Handler {
  return async (request, services, connectionId) => {
    services.uniqueKeys.forget(request.database);
    try {
      return await handler(request, services, connectionId);
    } finally {
      services.uniqueKeys.forget(request.database);
    }
  };
}

export const adminCommands: Record<string, Handler> = {
  create,
  createIndexes: changingIndexes(createIndexes),
  dropIndexes: changingIndexes(dropIndexes),
  listDatabases,
  drop: changingIndexes(drop),
  dropDatabase: changingIndexes(dropDatabase),
  collMod: changingIndexes(collMod),
};
