import type { Db } from 'mongodb';
import { isDuplicateKey, type Doc } from '../mongo.ts';
import { indexes } from './0001-indexes.ts';
import { chat } from './0004-chat.ts';
import { presence } from './0005-presence.ts';
import { notifications } from './0006-notifications.ts';
import { queueDepth } from './0008-queue-depth.ts';
import { recordings } from './0009-recordings.ts';
import { staff } from './0016-staff.ts';

/** One numbered step from an older database to a newer one. Runs once; must be safe to run again after a crash. */
export interface Migration {
  readonly id: string;
  up(db: Db): Promise<void>;
}

/** In order. Never edit one that has been released: add the next. */
export const migrations: readonly Migration[] = [indexes, chat, presence, notifications, queueDepth, recordings, staff];

const staleLockMs = 60_000;

/** Brings the database up to date. Several hubs may start at once: one runs a step, the others wait for it. */
export async function migrate(db: Db, now: () => number = Date.now): Promise<void> {
  const log = db.collection<Doc>('migrations');
  for (const migration of migrations) {
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
        await migration.up(db);
      } catch (error) {
        await log.updateOne({ _id: migration.id, startedAt }, { $set: { startedAt: 0 } });
        throw error;
      }
      await log.updateOne({ _id: migration.id }, { $set: { state: 'done', doneAt: now() } });
      break;
    }
  }
}
