import type { Db } from 'mongodb';
import type { Migration } from './index.ts';

/** Indexes behind chat threads, receipts and attachments. */
export const chat: Migration = {
  id: '0004-chat',
  async up(db: Db): Promise<void> {
    await db.collection('events').createIndexes([
      {
        key: { 'data.messageId': 1 },
        name: 'by_message',
        partialFilterExpression: { 'data.messageId': { $exists: true } },
      },
    ]);
    await db.collection('threads').createIndexes([
      { key: { patientId: 1, lastAt: -1 }, name: 'of_patient' },
      { key: { doctorId: 1, lastAt: -1 }, name: 'of_doctor' },
      { key: { clinicId: 1, kind: 1, lastAt: -1 }, name: 'of_clinic' },
    ]);
    await db.collection('receipts').createIndexes([
      { key: { threadId: 1 }, name: 'of_thread' },
      { key: { accountId: 1 }, name: 'of_account' },
      { key: { at: 1 }, name: 'news' },
    ]);
    await db.collection('files').createIndexes([
      { key: { owner: 1, createdAt: -1 }, name: 'of_owner' },
      { key: { createdAt: 1 }, name: 'by_age' },
      { key: { messageId: 1 }, name: 'of_message' },
    ]);
  },
};
