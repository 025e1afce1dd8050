import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient, type Db } from 'mongodb';
import { startDatabase } from '../../scripts/services/database/index.ts';

/** A database of its own for one test file. */
export interface TestDatabase {
  readonly uri: string;
  readonly dbName: string;
  readonly client: MongoClient;
  readonly db: Db;
  /** Drops it and closes the connection. */
  drop(): Promise<void>;
}

/**
 * A fresh database under a random name: on the server that the test run started (`NADI_TEST_MONGODB_URI`), else on one
 * started here for this file alone.
 */
export async function testDatabase(): Promise<TestDatabase> {
  const given = process.env['NADI_TEST_MONGODB_URI'];
  const own = given === undefined ? await ownServer() : null;
  const uri = given ?? own?.uri ?? '';
  const dbName = `t_${randomBytes(6).toString('hex')}`;
  const client = new MongoClient(uri, { retryWrites: false });
  await client.connect();
  return {
    uri,
    dbName,
    client,
    db: client.db(dbName),
    drop: async () => {
      await client.db(dbName).dropDatabase();
      await client.close();
      await own?.stop();
    },
  };
}

async function ownServer(): Promise<{ uri: string; stop(): Promise<void> }> {
  const dataDir = await mkdtemp(join(tmpdir(), 'nadi-test-db-'));
  const quiet = { step: () => undefined, info: () => undefined };
  const database = await startDatabase({ dataDir, log: quiet });
  return {
    uri: database.uri,
    stop: async () => {
      await database.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
