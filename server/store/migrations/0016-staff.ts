import type { Db } from 'mongodb';
import type { Migration } from './index.ts';

/** Staff from before there were permission sets keep what they could do; people are found by name, doctors by what is to be decided. */
export const staff: Migration = {
  id: '0016-staff',
  async up(db: Db): Promise<void> {
    await db
      .collection('accounts')
      .updateMany(
        { roles: 'staff', permissionSets: { $exists: false } },
        { $set: { permissionSets: ['reception', 'nurse', 'billing'] } },
      );
    await db.collection('accounts').createIndexes([{ key: { name: 1, _id: 1 }, name: 'by_name' }]);
    await db.collection('doctors').createIndexes([{ key: { state: 1, submittedAt: 1 }, name: 'by_state' }]);
  },
};
