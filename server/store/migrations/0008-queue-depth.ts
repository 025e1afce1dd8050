import type { Db } from 'mongodb';
import type { Migration } from './index.ts';

/** Boards, triage, and one open desk per doctor and clinic. */
export const queueDepth: Migration = {
  id: '0008-queue-depth',
  async up(db: Db): Promise<void> {
    await db.collection('boards').createIndexes([{ key: { clinicId: 1 }, name: 'by_clinic' }]);
    await db.collection('triages').createIndexes([{ key: { sessionId: 1 }, name: 'by_session' }]);
    await db.collection('deskSessions').createIndexes([
      {
        key: { openFor: 1 },
        name: 'one_open_desk',
        unique: true,
        partialFilterExpression: { openFor: { $exists: true } },
      },
    ]);
  },
};
