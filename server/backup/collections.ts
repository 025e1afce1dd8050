/**
 * What no archive holds. Everything else in the database is in it: a collection that is not known here is better kept once too
 * often than lost.
 */
export const leftOut: ReadonlyMap<string, string> = new Map([
  ['keys', 'the keys of patients: beside the archives in the keyring, so that a destroyed one is in no backup'],
  ['authSessions', 'a session that was ended since must not work again: everybody signs in anew'],
  ['challenges', 'codes and links that were used or have expired since must not work again'],
  ['requests', 'answers to repeats of the last day; they may speak of what the archive does not hold'],
  ['presence', 'who is connected at this moment'],
  ['agendaJobs', 'every hub defines its jobs when it starts'],
  ['backups', 'the list of backups is where they are kept'],
  ['healthStates', 'how disk, certificate and backup stand is looked at anew'],
  ['migrations', 'named in the manifest; a restore runs them'],
]);

/** Marks a database that a restore is filling, or left half filled. In `meta`. */
export const restoreMark = 'restore';

/** Contents come after the documents that name them: what a document of the archive names was there when it was read. */
const rank = (name: string): number => {
  if (name === 'events') return 0;
  if (name.endsWith('.chunks')) return 3;
  return name.endsWith('.files') ? 2 : 1;
};

/**
 * The order of an archive. Events come first, so what they tell of and their effects that are done are in the documents, which are read later
 * and may only be ahead; `reconciled` brings those back.
 */
export function archiveOrder(names: readonly string[]): string[] {
  return names
    .filter((name) => !leftOut.has(name) && !name.startsWith('system.'))
    .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}
