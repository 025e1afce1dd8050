import type { Collection, Db } from 'mongodb';
import type { PatientKeys } from '../../keys/PatientKeys.ts';
import { isDuplicateKey, type Doc } from '../mongo.ts';
import { indexes } from './0001-indexes.ts';
import { chat } from './0004-chat.ts';
import { presence } from './0005-presence.ts';
import { notifications } from './0006-notifications.ts';
import { queueDepth } from './0008-queue-depth.ts';
import { recordings } from './0009-recordings.ts';
import { sealing } from './0013-sealing.ts';
import { audit } from './0014-audit.ts';
import { phones } from './0015-phones.ts';
import { staff } from './0016-staff.ts';

/** One numbered step from an older database to a newer one. Runs once; must be safe to run again after a crash. */
export interface Migration {
  readonly id: string;
  up(db: Db, keys?: PatientKeys): Promise<void>;
}

/** In order. Never edit one that has been released: add the next. */
export const migrations: readonly Migration[] = [
  indexes,
  chat,
  presence,
  notifications,
  queueDepth,
  recordings,
  sealing,
  audit,
  phones,
  staff,
];

const staleLockMs = 60_000;

/** The database cannot be used by this version of the program. */
export class SchemaError extends Error {}

/** The migrations that this database has been through, in their order. */
export async function doneMigrations(db: Db): Promise<string[]> {
  const found = await db.collection<Doc>('migrations').find({ state: 'done' }).toArray();
  return found.map(({ _id }) => _id).sort();
}

/**
 * Brings the database up to date. Several hubs may start at once: one runs a step, the others wait for it.
 * @param steps all; a restore runs those that the backed-up database had been through.
 * @param keys for steps that seal what an older version stored in the clear; a new database does without.
 * @throws SchemaError when a later version has changed this database, or a restore into it was not finished.
 */
export async function migrate(
  db: Db,
  now: () => number = Date.now,
  steps: readonly Migration[] = migrations,
  keys?: PatientKeys,
): Promise<void> {
  await refuseUnknown(db);
  const log = db.collection<Doc>('migrations');
  for (const migration of steps) await runOnce(db, log, migration, now, keys);
}

/** What a later version changed this one would misread, and write as before. */
async function refuseUnknown(db: Db): Promise<void> {
  const known = new Set(migrations.map(({ id }) => id));
  const log = await db.collection<Doc>('migrations').find().toArray();
  const unknown = log.map(({ _id }) => _id).filter((id) => !known.has(id));
  if (unknown.length > 0) {
    throw new SchemaError(
      `the database is newer than this program: it has been through ${unknown.join(', ')}, which is not known here. ` +
        'Start the newer version, or roll the upgrade back (npm run upgrade -- rollback).',
    );
  }
}

/** @throws SchemaError while a restore fills this database, or when one broke off. */
export async function refuseHalfRestored(db: Db): Promise<void> {
  const mark = await db.collection<Doc>('meta').findOne({ _id: 'restore' });
  if (mark && mark['state'] !== 'done') {
    throw new SchemaError('a restore into this database was not finished: run the same npm run restore again');
  }
}

async function runOnce(
  db: Db,
  log: Collection<Doc>,
  migration: Migration,
  now: () => number,
  keys?: PatientKeys,
): Promise<void> {
  for (;;) {
    const found = await log.findOne({ _id: migration.id });
    if (found?.['state'] === 'done') break;
    const startedAt = now();
    if (found === null) {
      try {
        await log.insertOne({ _id: migration.id, state: 'running', startedAt });
      } catch (error) {
        if (isDuplicateKey(error)) continue;
        throw error;
      }
    } else {
      const taken = await log.updateOne(
        { _id: migration.id, state: 'running', startedAt: { $lt: startedAt - staleLockMs } },
        { $set: { startedAt } },
      );
      if (taken.modifiedCount === 0) {
        await new Promise((resolve) => setTimeout(resolve, 200));
        continue;
      }
    }
    try {
      await migration.up(db, keys);
    } catch (error) {
      await log.updateOne({ _id: migration.id, startedAt }, { $set: { startedAt: 0 } });
      throw error;
    }
    await log.updateOne({ _id: migration.id }, { $set: { state: 'done', doneAt: now() } });
    break;
  }
}
