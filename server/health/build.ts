import type { Db } from 'mongodb';
import { z } from 'zod';
import type { Config } from '../config.ts';
import type { Notifier } from '../notify/Notifier.ts';
import type { Repos } from '../store/Repos.ts';
import type { Logger } from '../support/logger.ts';
import type { Metrics } from '../support/metrics.ts';
import { judgeBackup } from './backup.ts';
import { judgeCertificate, seeCertificate, tlsTarget } from './certificate.ts';
import { diskRoom, judgeDisk } from './disk.ts';
import { HealthWatch } from './HealthWatch.ts';
import { worst, type Judgement } from './judgement.ts';
import { watchHealth } from './metrics.ts';

export interface HealthBuildDeps {
  readonly db: Db;
  readonly repos: Repos;
  readonly notifier: Notifier;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly now: () => number;
}

const handshakeMs = 10_000;
/** What MongoDB tells about its own disk; other engines do not. */
const databaseDisk = z.object({ fsUsedSize: z.number().positive(), fsTotalSize: z.number().positive() });
const backupRun = z.object({ startedAt: z.number(), state: z.string() });

/** Room on the disk of a database that tells of it, or null. */
export async function judgeDatabaseDisk(db: Db): Promise<Judgement | null> {
  const told = databaseDisk.safeParse(await db.command({ dbStats: 1 }).catch(() => null));
  if (!told.success) return null;
  const { fsUsedSize, fsTotalSize } = told.data;
  const room = { freeBytes: fsTotalSize - fsUsedSize, totalBytes: fsTotalSize, freeFiles: 0, totalFiles: 0 };
  return judgeDisk(room, 'the database');
}

/** The age of the newest good backup; null until one was begun, or while the first may be under way. */
export async function judgeBackups(db: Db, now: number): Promise<Judgement | null> {
  const runs = db.collection('backups');
  const [first] = await runs.find({ kind: 'backup' }).sort({ startedAt: 1 }).limit(1).toArray();
  if (first === undefined) return null;
  const [done] = await runs.find({ kind: 'backup', state: 'done' }).sort({ startedAt: -1 }).limit(1).toArray();
  if (done !== undefined) return judgeBackup(backupRun.parse(done).startedAt, now);
  return judgeBackup(backupRun.parse(first).startedAt, now).level === 'ok' ? null : judgeBackup(null, now);
}

/** The watch over disk, certificate and backups, with its metrics. */
export function buildHealth(config: Config, { db, repos, notifier, metrics, log, now }: HealthBuildDeps): HealthWatch {
  const { dataDir, publicUrl } = config;

  async function disk(): Promise<Judgement | null> {
    const room = await diskRoom(dataDir).catch(() => null);
    const found = [room && judgeDisk(room, 'the data folder'), await judgeDatabaseDisk(db)];
    const told = found.filter((one) => one !== null);
    return told.length === 0 ? null : worst(told);
  }

  async function certificate(): Promise<Judgement | null> {
    const target = publicUrl === null ? null : tlsTarget(publicUrl);
    if (target === null) return null;
    // From inside of some networks the own public address cannot be reached: that says nothing about it.
    const seen = await seeCertificate({ ...target, timeoutMs: handshakeMs }).catch(() => null);
    return seen && judgeCertificate(seen, target.host, now());
  }

  const watch = new HealthWatch({
    db,
    repos,
    notifier,
    log,
    now,
    looks: { disk, certificate, backup: () => judgeBackups(db, now()) },
  });
  watchHealth(metrics.registry, { watch, dataDir });
  return watch;
}
