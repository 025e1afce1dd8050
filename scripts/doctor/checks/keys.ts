import { z } from 'zod';
import { MasterKeys } from '../../../server/keys/MasterKeys.ts';
import type { Doc } from '../../../server/store/mongo.ts';
import { fail, ok, skipped, type Check } from '../check.ts';
import { hubConfig, Skip } from '../context.ts';

const stored = z.object({ _id: z.string(), wrapped: z.object({ kid: z.string(), bytes: z.string() }) });
const sample = 200;

/** NADI_KEY opens what is in the database. */
export const keys: Check = {
  id: 'keys',
  title: 'Keys of patients',
  run: async (context) => {
    const master = new MasterKeys(hubConfig(context).masterKeys);
    const db = await context.database();
    const collection = db.collection<Doc>('keys');
    const found = await collection.find({ wrapped: { $exists: true } }, { limit: sample }).toArray();
    if (found.length === 0) return skipped('no key in the database yet');
    if (context.fresh) throw new Skip('this data folder has no secrets');
    const shut = found.map((doc) => stored.parse(doc)).filter(({ _id, wrapped }) => !opens(master, wrapped, _id));
    if (shut.length === 0) return ok(`${found.length} tried, all open with NADI_KEY`);
    const kids = [...new Set(shut.map(({ wrapped }) => wrapped.kid))].slice(0, 3).join(', ');
    return fail(
      `${shut.length} of ${found.length} keys do not open: they were wrapped by master key ${kids}, ours is ${master.current}`,
      'Put that key into NADI_KEY or NADI_OLD_KEYS (recovery sheet, docs/keys.md). Write nothing until then.',
    );
  },
};

function opens(master: MasterKeys, wrapped: z.infer<typeof stored>['wrapped'], subject: string): boolean {
  try {
    return master.unwrap(wrapped, subject).length > 0;
  } catch {
    return false;
  }
}
