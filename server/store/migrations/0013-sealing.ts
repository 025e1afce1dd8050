import type { Db } from 'mongodb';
import { countUnsealed, sealOlder } from '../../keys/sealOlder.ts';
import type { PatientKeys } from '../../keys/PatientKeys.ts';
import type { Migration } from './index.ts';

/** Seals chat texts and files of the time before they were; indexes of erasures. */
export const sealing: Migration = {
  id: '0013-sealing',
  async up(db: Db, keys?: PatientKeys): Promise<void> {
    await db.collection('erasures').createIndexes([
      { key: { due: 1 }, name: 'unfinished', partialFilterExpression: { due: { $exists: true } } },
      { key: { at: -1 }, name: 'newest' },
    ]);
    const { events, files } = await countUnsealed(db);
    if (events + files === 0) return;
    if (!keys) throw new Error('there are messages to be sealed: NADI_KEY is needed');
    await sealOlder(db, keys);
  },
};
