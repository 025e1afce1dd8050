import { elements, splitSequence } from './bson.ts';
import { KeyedLock } from './KeyedLock.ts';
import { SqlError } from './sql/SqlError.ts';

/**
 * Two places where the engine behaves unlike MongoDB under contention, both made right here. There is one gateway per engine,
 * so guarding in this process is enough.
 *
 * Upserts: two of one `_id` at once both report that they created it (the second one updated). Upserts with the same filter
 * therefore run one after another.
 *
 * Unique indexes: they are exclusion constraints, and writers of one key at once can deadlock (each has inserted and waits for the
 * others). Inserts of one key therefore run one after another (see UniqueKeys). Where keys are not known beforehand PostgreSQL
 * finds the deadlock and rolls all but one back; those run again, one at a time, and find the winner's key.
 */
const keys = new KeyedLock();
const retries = new KeyedLock();

const deadlock = '40P01';
const serialization = '40001';
const retryForMs = 15_000;

/** Runs a write of one transaction while holding the keys that it is known to claim. */
export async function guarded<T>(namespace: string, claims: readonly string[], write: () => Promise<T>): Promise<T> {
  const once = (): Promise<T> => retryDeadlocks(namespace, write);
  return claims.length === 0 ? once() : keys.hold(claims, once);
}

async function retryDeadlocks<T>(namespace: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!isDeadlock(error)) throw error;
  }
  const deadline = Date.now() + retryForMs;
  return retries.hold([namespace], async () => {
    for (;;) {
      try {
        return await write();
      } catch (error) {
        if (!isDeadlock(error) || Date.now() >= deadline) throw error;
      }
    }
  });
}

function isDeadlock(error: unknown): boolean {
  return error instanceof SqlError && (error.state === deadlock || error.state === serialization);
}

/** Lock keys of the upserts in an update command's statements: their filters. */
export function upsertKeys(namespace: string, updates: Buffer): string[] {
  const keys: string[] = [];
  for (const update of splitSequence(updates)) {
    const fields = elements(update);
    const upsert = fields.find(({ name }) => name === 'upsert');
    const filter = fields.find(({ name }) => name === 'q');
    if (upsert === undefined || filter === undefined || isFalse(update, upsert.value, upsert.end)) continue;
    keys.push(upsertKey(namespace, update.subarray(filter.value, filter.end)));
  }
  return keys;
}

export function upsertKey(namespace: string, filter: Buffer): string {
  return `${namespace}\0${filter.toString('latin1')}`;
}

function isFalse(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (bytes[at] !== 0) return false;
  return true;
}
