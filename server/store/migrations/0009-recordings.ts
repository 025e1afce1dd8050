import type { Db } from 'mongodb';
import type { Migration } from './index.ts';

/** Consents by consultation; recordings by consultation and by when they are to be deleted. */
export const recordings: Migration = {
  id: '0009-recordings',
  async up(db: Db): Promise<void> {
    await db
      .collection('consents')
      .createIndexes([{ key: { entryId: 1, accountId: 1, givenAt: -1 }, name: 'by_consultation' }]);
    await db.collection('recordings').createIndexes([
      { key: { entryId: 1, startedAt: 1 }, name: 'by_consultation' },
      { key: { expiresAt: 1 }, name: 'retention' },
    ]);
  },
};
