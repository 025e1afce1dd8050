import { MongoClient, MongoServerError, type Db } from 'mongodb';

/** A document of ours as the driver sees it; what it really holds is parsed by the repository that reads it. */
export interface Doc {
  _id: string;
  [field: string]: unknown;
}

/** Acknowledged means durable: survives a kill of every process. */
export const durable = { w: 'majority', journal: true } as const;

export interface Mongo {
  readonly client: MongoClient;
  readonly db: Db;
  close(): Promise<void>;
}

/** Connects, or throws the driver's error after `timeoutMs`. */
export async function connectMongo(uri: string, dbName: string, timeoutMs = 15_000): Promise<Mongo> {
  const client = new MongoClient(uri, {
    serverSelectionTimeoutMS: timeoutMs,
    maxPoolSize: 40,
    writeConcern: durable,
    retryWrites: false,
    ignoreUndefined: true,
  });
  await client.connect();
  return { client, db: client.db(dbName), close: () => client.close() };
}

/** True for a violation of a unique key (also inside a bulk write). */
export function isDuplicateKey(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === 11000;
}

const brokenSocket = new Set([
  'EPIPE',
  'ECONNRESET',
  'ECONNREFUSED',
  'ECONNABORTED',
  'ETIMEDOUT',
  'ERR_STREAM_DESTROYED',
]);

/**
 * Whether the database did not answer, as against a fault of ours. The driver passes on a socket's own error when it ends
 * between being chosen and being written to.
 */
export function isDatabaseFailure(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error.name.startsWith('Mongo')) return true;
  return ('code' in error && brokenSocket.has(String(error.code))) || isDatabaseFailure(error.cause);
}
