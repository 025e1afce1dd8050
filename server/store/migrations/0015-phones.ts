import type { Db } from 'mongodb';
import { isDuplicateKey, type Doc } from '../mongo.ts';
import type { Migration } from './index.ts';

/** Accounts without an address, numbers that belong to one account, and tries that are counted. */
export const phones: Migration = {
  id: '0015-phones',
  async up(db: Db): Promise<void> {
    const accounts = db.collection<Doc>('accounts');
    const names = (await accounts.indexes()).map((index) => index.name);
    if (names.includes('one_per_email')) await accounts.dropIndex('one_per_email');
    const where = (field: string) => ({ partialFilterExpression: { [field]: { $exists: true } } });
    await accounts.createIndexes([
      { key: { email: 1 }, name: 'one_per_address', unique: true, ...where('email') },
      { key: { phone: 1 }, name: 'one_per_phone', unique: true, ...where('phone') },
    ]);
    await db.collection('tries').createIndexes([{ key: { forgetAt: 1 }, name: 'expiry', expireAfterSeconds: 0 }]);
    await db
      .collection('authSessions')
      .createIndexes([
        { key: { idleUntil: 1 }, name: 'idle_ends', partialFilterExpression: { idleUntil: { $exists: true } } },
      ]);
    // Numbers that were proved for SMS open their accounts from now on; of one that two have proved, the first.
    const proved = db.collection<Doc>('notifySettings').find({ 'phone.verifiedAt': { $gt: 0 } });
    for await (const one of proved) {
      const { number } = phoneOf(one);
      if (number === '') continue;
      await accounts
        .updateOne({ _id: one._id, phone: { $exists: false } }, { $set: { phone: number } })
        .catch((error: unknown) => {
          if (!isDuplicateKey(error)) throw error;
        });
    }
  },
};

function phoneOf(doc: Doc): { number: string } {
  const phone: unknown = doc['phone'];
  const number = typeof phone === 'object' && phone !== null && 'number' in phone ? phone.number : '';
  return { number: typeof number === 'string' ? number : '' };
}
