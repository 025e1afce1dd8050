import type { PatientKeys, StoredKey } from './PatientKeys.ts';

/**
 * The copy of the wrapped keys outside the database: one object beside the backups and never part of an archive, so that a
 * destroyed key is in no backup once it was written anew.
 */
export interface Keyring {
  /** Replaces it by the keys of now and returns when that is durable. Throws when it could not be: try again later. */
  rewrite(): Promise<void>;
}

/** An installation without backups has no copy that could outlive an erasure. */
export const noKeyring: Keyring = { rewrite: () => Promise.resolve() };

/**
 * Writes every key by `put`, which replaces the whole object at once. If somebody was erased meanwhile, again: of two writers the one
 * that began earlier may end later, and would bring a destroyed key back.
 */
export async function writeKeyring(
  keys: PatientKeys,
  put: (keys: AsyncIterable<StoredKey>) => Promise<void>,
): Promise<void> {
  for (;;) {
    const before = await keys.destroyedCount();
    await put(keys.exportWrapped());
    if ((await keys.destroyedCount()) === before) return;
  }
}
