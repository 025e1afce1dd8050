import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient, MongoServerError, type Db } from 'mongodb';
import { afterAll, beforeAll } from 'vitest';
import { startDatabase, type Database } from '../../../scripts/services/database/index.ts';

const quiet = { step: () => undefined, info: () => undefined };

export interface OwnDatabase extends Database {
  dataDir: string;
  /** Stops it and removes its data. */
  remove(): Promise<void>;
}

/** A database of the test's own on a fresh folder. */
export async function startOwn(dataDir?: string): Promise<OwnDatabase> {
  const folder = dataDir ?? (await mkdtemp(join(tmpdir(), 'nadi-test-db-')));
  const database = await startDatabase({ dataDir: folder, log: quiet });
  return {
    ...database,
    dataDir: folder,
    remove: async () => {
      await database.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export interface Fixture {
  readonly uri: string;
  readonly client: MongoClient;
  /** A database with a fresh random name, dropped afterwards. */
  readonly db: Db;
}

/** A running database for a test file: the one in NADI_TEST_MONGODB_URI, else one of its own. */
export function useDatabase(): Fixture {
  let own: OwnDatabase | undefined;
  let client: MongoClient | undefined;
  let uri = process.env['NADI_TEST_MONGODB_URI'];
  const name = `test_${randomBytes(6).toString('hex')}`;
  const connected = (): MongoClient => {
    if (client === undefined) throw new Error('used before beforeAll');
    return client;
  };
  beforeAll(async () => {
    if (uri === undefined) {
      own = await startOwn();
      uri = own.uri;
    }
    client = await new MongoClient(uri, { serverSelectionTimeoutMS: 10_000 }).connect();
  });
  afterAll(async () => {
    await client?.db(name).dropDatabase();
    await client?.close();
    await own?.remove();
  });
  return {
    get uri() {
      return uri ?? '';
    },
    get client() {
      return connected();
    },
    get db() {
      return connected().db(name);
    },
  };
}

/** The server's code of a failure, or what else it was. */
export async function codeOf(work: Promise<unknown>): Promise<number | string> {
  try {
    await work;
    return 'no error';
  } catch (error) {
    return error instanceof MongoServerError && typeof error.code === 'number' ? error.code : String(error);
  }
}

/** A small repeatable generator (mulberry32): the same seed gives the same run. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
