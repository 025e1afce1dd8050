import type { Db } from 'mongodb';
import type { Migration } from './index.ts';

/** What notifications look up. */
export const notifications: Migration = {
  id: '0006-notifications',
  async up(db: Db): Promise<void> {
    const forget = { key: { forgetAt: 1 }, name: 'expiry', expireAfterSeconds: 0 } as const;
    await db
      .collection('deliveries')
      .createIndexes([
        { key: { due: 1 }, name: 'due', partialFilterExpression: { due: { $exists: true } } },
        { key: { state: 1, updatedAt: -1 }, name: 'by_state' },
        { key: { providerId: 1 }, name: 'by_provider_id' },
        forget,
      ]);
    await db.collection('shownMessages').createIndexes([{ key: { at: -1 }, name: 'newest' }, forget]);
    await db
      .collection('challenges')
      .createIndexes([{ key: { accountId: 1, purpose: 1 }, name: 'by_account' }, forget]);
    await db.collection('pushDevices').createIndexes([{ key: { accountId: 1 }, name: 'by_account' }]);
    await db.collection('notifySettings').createIndexes([
      {
        key: { 'telegram.chatId': 1 },
        name: 'by_chat',
        partialFilterExpression: { 'telegram.chatId': { $exists: true } },
      },
    ]);
    await db.collection('announcements').createIndexes([
      { key: { publishedAt: -1 }, name: 'newest' },
      { key: { 'telling.due': 1 }, name: 'telling', partialFilterExpression: { 'telling.due': { $exists: true } } },
    ]);
  },
};
