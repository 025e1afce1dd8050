import { elements, splitSequence } from './bson.ts';
import { KeyedLock, type Claim } from './KeyedLock.ts';
import { SqlError } from './sql/SqlError.ts';

/**
 * Two places where the engine behaves unlike MongoDB under contention, both made right here. There is one gateway per engine,
 * so guarding in this process is enough.
 *
 * Upserts: two of one `_id` at once both report that they created it (the second one updated). Upserts with the same filter
 * therefore run one after another.
 *
 * Unique indexes: they are exclusion constraints, and writers of one key at once can deadlock (each has inserted and waits for the
 * others). Inserts of one key therefore run one after another, and once it is known that the key exists, those waiting at that
 * moment have lost without asking the engine. Where keys are not known beforehand PostgreSQL finds the deadlock and rolls all but one back;
 * those run again, one at a time, and find the winner's key.
 */
const claimed = new KeyedLock();
const retries = new KeyedLock();

const deadlock = '40P01';
const serialization = '40001';
const retryForMs = 15_000;

/**
 * Runs a write of one transaction while holding what it is known to claim. `taken` tells from its result which
 * exclusive claims are gone for good: it got them, or found that somebody had. Resolves to the key that was lost to another, when the write did not run.
 */
export async function guarded<T>(
  namespace: string,
  claims: readonly Claim[],
  taken: (result: T, key: string) => boolean,
  write: () => Promise<T>,
): Promise<{ value: T } | { lost: string }> {
  if (claims.length === 0) return { value: await retryDeadlocks(namespace, write) };
  return claimed.hold(claims, async () => {
    const value = await retryDeadlocks(namespace, write);
    return { value, taken: (key) => taken(value, key) };
  });
}

async function retryDeadlocks<T>(namespace: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!isDeadlock(error)) throw error;
  }
  const deadline = Date.now() + retryForMs;
  const result = await retries.hold([{ key: namespace, exclusive: false }], async () => {
    for (;;) {
      try {
        return { value: await write(), taken: () => false };
      } catch (error) {
        if (!isDeadlock(error) || Date.now() >= deadline) throw error;
      }
    }
  });
  if ('lost' in result) throw new Error('a shared claim cannot be lost');
  return result.value;
}

function isDeadlock(error: unknown): boolean {
  return error instanceof SqlError && (error.state === deadlock || error.state === serialization);
}

/** The claims of the upserts among an update command's statements: their filters. */
export function upsertClaims(namespace: string, updates: Buffer): Claim[] {
  const claims: Claim[] = [];
  for (const update of splitSequence(updates)) {
    const fields = elements(update);
    const upsert = fields.find(({ name }) => name === 'upsert');
    const filter = fields.find(({ name }) => name === 'q');
    if (upsert === undefined || filter === undefined || isFalse(update, upsert.value, upsert.end)) continue;
    claims.push(upsertClaim(namespace, update.subarray(filter.value, filter.end)));
  }
  return claims;
}

export function upsertClaim(namespace: string, filter: Buffer): Claim {
  return { key: `${namespace}\0${filter.toString('latin1')}`, exclusive: false };
}

function isFalse(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (bytes[at] !== 0) return false;
  return true;
}
