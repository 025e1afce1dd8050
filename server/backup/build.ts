import type { Db } from 'mongodb';
import type { Config } from '../config.ts';
import type { HandlersOf } from '../hub/context.ts';
import type { PatientKeys } from '../keys/PatientKeys.ts';
import type { Repos } from '../store/Repos.ts';
import type { Logger } from '../support/logger.ts';
import type { Metrics } from '../support/metrics.ts';
import { ArchiveKeys } from './archiveKeys.ts';
import { Backups } from './Backups.ts';
import { BackupMetrics } from './metrics.ts';

export interface BackupBuildDeps {
  readonly db: Db;
  readonly hub: string;
  readonly repos: Repos;
  readonly keys: PatientKeys;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly now: () => number;
}

/** Puts the backups together. */
export function buildBackup(config: Config, { db, hub, repos, keys, metrics, log, now }: BackupBuildDeps) {
  const backups = new Backups({
    ...{ db, hub, log, now },
    engine: config.mongo.engine,
    config: config.backup,
    archiveKeys: new ArchiveKeys(config.masterKeys),
    patientKeys: keys,
    metrics: new BackupMetrics(metrics.registry, now),
    zone: async () => (await repos.clinics.many({}, { sort: { _id: 1 }, limit: 1 }))[0]?.zone ?? 'UTC',
  });
  const handlers: HandlersOf<'backup'> = {
    'backup.status': () => backups.status(),
    'backup.start': (context) => backups.start(context.requestId),
  };
  return { backups, handlers };
}
