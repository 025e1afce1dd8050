import type { Doc } from '../../../server/store/mongo.ts';
import { migrations as known } from '../../../server/store/migrations/index.ts';
import { fail, ok, skipped, warn, type Check } from '../check.ts';

export const migrations: Check = {
  id: 'migrations',
  title: 'Database version',
  run: async (context) => {
    const db = await context.database();
    const done = await db.collection<Doc>('migrations').find({}).toArray();
    const ids = done.map((doc) => doc._id);
    const newer = ids.filter((id) => !known.some((one) => one.id === id));
    if (newer.length > 0) {
      const remedy = 'Start the version that wrote it, or restore the backup from before the upgrade (docs/backup.md).';
      return fail(`the database was written by a newer Nadi: ${newer.join(', ')}`, remedy);
    }
    if (ids.length === 0) return skipped('an empty database: filled at the first start');
    const begun = done.find((doc) => doc['state'] !== 'done');
    if (begun && context.running === null)
      return warn(`${begun._id} was begun and not finished`, 'Start Nadi: it goes on by itself.');
    const missing = known.filter((one) => !ids.includes(one.id));
    if (missing.length > 0) return ok(`${missing.length} steps behind: made at the next start`);
    return ok(`up to date (${ids.sort().at(-1) ?? ''})`);
  },
};
