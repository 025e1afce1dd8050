import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import type { Db } from 'mongodb';
import { ArchiveKeys } from '../../server/backup/archiveKeys.ts';
import { BackupError } from '../../server/backup/errors.ts';
import { restore, type RestoreReport } from '../../server/backup/load.ts';
import { pickBackup, takeBackup, type BackupDeps, type TakenBackup } from '../../server/backup/take.ts';
import type { BackupTarget, StoredObject } from '../../server/backup/targets/types.ts';
import { MasterKeys } from '../../server/keys/MasterKeys.ts';
import { PatientKeys } from '../../server/keys/PatientKeys.ts';

/** What a backup of a test's database needs. @param masterKeys `NADI_KEY` and older ones. */
export function backupDeps(db: Db, target: BackupTarget, masterKeys: readonly string[]): BackupDeps {
  return {
    db,
    engine: 'test',
    target,
    archiveKeys: new ArchiveKeys(masterKeys),
    patientKeys: new PatientKeys(db, new MasterKeys(masterKeys), Date.now),
    now: Date.now,
    settleMs: 300,
  };
}

export async function backUp(db: Db, target: BackupTarget, masterKeys: readonly string[]): Promise<TakenBackup> {
  return await takeBackup(backupDeps(db, target, masterKeys));
}

/** The newest backup at a target into a database. */
export async function restoreInto(
  db: Db,
  target: BackupTarget,
  masterKeys: readonly string[],
  step?: (title: string) => void,
): Promise<RestoreReport> {
  const { archive: file, keyring } = await pickBackup(target);
  const archiveKeys = new ArchiveKeys(masterKeys);
  return await restore({
    db,
    target,
    file,
    keyring,
    masterKeys,
    archiveKeys,
    now: Date.now,
    ...(step ? { step } : {}),
  });
}

/** A folder of a test, gone with it. */
export async function tempFolder(): Promise<{ path: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'nadi-backup-'));
  return { path: folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** Backups in memory, which a test may damage. */
export class MemoryTarget implements BackupTarget {
  readonly title = 'memory';
  readonly objects = new Map<string, Buffer>();

  async put(name: string, content: Readable): Promise<{ bytes: number }> {
    const parts: Buffer[] = [];
    for await (const part of content) if (Buffer.isBuffer(part)) parts.push(part);
    const whole = Buffer.concat(parts);
    this.objects.set(name, whole);
    return { bytes: whole.length };
  }

  async list(): Promise<StoredObject[]> {
    return [...this.objects].map(([name, { length }]) => ({ name, bytes: length }));
  }

  async find(name: string): Promise<StoredObject | null> {
    const found = this.objects.get(name);
    return found ? { name, bytes: found.length } : null;
  }

  async read(name: string, offset: number): Promise<Readable> {
    const found = this.objects.get(name);
    if (!found) throw new BackupError('missing', name);
    return Readable.from([found.subarray(offset)]);
  }

  async remove(name: string): Promise<void> {
    this.objects.delete(name);
  }
}
