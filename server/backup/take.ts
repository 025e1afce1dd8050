import type { Db } from 'mongodb';
import { writeKeyring } from '../keys/keyring.ts';
import type { PatientKeys } from '../keys/PatientKeys.ts';
import { doneMigrations } from '../store/migrations/index.ts';
import { version } from '../support/version.ts';
import { writeArchive, type Manifest } from './archive.ts';
import type { ArchiveKeys } from './archiveKeys.ts';
import { dumpOf, keyringParts } from './dump.ts';
import { BackupError } from './errors.ts';
import { archiveName, archiveTime, keyringName } from './names.ts';
import type { BackupTarget, StoredObject } from './targets/types.ts';

export interface BackupDeps {
  readonly db: Db;
  /** Which database engine this is, for whoever restores. */
  readonly engine: string;
  readonly target: BackupTarget;
  readonly archiveKeys: ArchiveKeys;
  readonly patientKeys: PatientKeys;
  readonly now: () => number;
  /** Time for writes under way to arrive, ms. */
  readonly settleMs?: number;
  /** Ends it: nothing is stored then. */
  readonly signal?: AbortSignal;
}

export interface TakenBackup {
  readonly name: string;
  readonly bytes: number;
  readonly manifest: Manifest;
}

/** One backup: the archive, then the keyring, which so holds the key of everybody in the archive. */
export async function takeBackup(
  deps: BackupDeps,
  rewriteKeyring: () => Promise<void> = () => putKeyring(deps),
): Promise<TakenBackup> {
  const { target, archiveKeys } = deps;
  const dump = await dumpOf(deps);
  const written = writeArchive('backup', archiveKeys, dump.parts, () => dump.head());
  const name = archiveName(deps.now(), written.id);
  const { bytes } = await target.put(name, written.stream);
  await rewriteKeyring();
  return { name, bytes, manifest: written.manifest() };
}

/** Replaces the keyring by the keys of now. */
export async function putKeyring({ db, engine, target, archiveKeys, patientKeys, now }: BackupDeps): Promise<void> {
  const migrations = await doneMigrations(db);
  await writeKeyring(patientKeys, async (keys) => {
    const at = now();
    const head = { version, engine, migrations, startedAt: at, cut: at, holes: 0 };
    const written = writeArchive('keyring', archiveKeys, keyringParts(keys), () => head);
    await target.put(keyringName, written.stream);
  });
}

export interface FoundBackup extends StoredObject {
  /** When it was begun, UTC ms. */
  readonly at: number;
}

/** The archives at a target, oldest first. */
export async function archivesAt(target: BackupTarget): Promise<FoundBackup[]> {
  const found = [];
  for (const object of await target.list()) {
    const at = archiveTime(object.name);
    if (at !== null) found.push({ ...object, at });
  }
  return found.sort((a, b) => a.at - b.at || (a.name < b.name ? -1 : 1));
}

/**
 * The archive to restore: the newest, or the newest that was begun at or before `until` (UTC ms).
 * @throws BackupError `missing`
 */
export async function pickBackup(
  target: BackupTarget,
  until = Infinity,
): Promise<{ archive: FoundBackup; keyring: StoredObject }> {
  const archive = (await archivesAt(target)).findLast(({ at }) => at <= until);
  if (!archive)
    throw new BackupError('missing', `no backup at ${target.title}${until < Infinity ? ' as old as that' : ''}`);
  const keyring = await target.find(keyringName);
  if (!keyring) throw new BackupError('missing', `no keyring at ${target.title}: without it nothing clinical opens`);
  return { archive, keyring };
}
