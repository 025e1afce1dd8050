import type { Db } from 'mongodb';
import type { Migration } from './index.ts';

/** Who belongs to a clinic, and a hub's pages of its roll. */
export const presence: Migration = {
  id: '0005-presence',
  async up(db: Db): Promise<void> {
    await db.collection('accounts').createIndexes([{ key: { clinicIds: 1 }, name: 'by_clinic' }]);
    await db.collection('presence').createIndexes([{ key: { hub: 1, version: 1 }, name: 'pages_since' }]);
  },
};
