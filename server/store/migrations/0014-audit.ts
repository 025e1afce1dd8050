import type { Db } from 'mongodb';
import type { Migration } from './index.ts';

/** The indexes behind the search of the audit log and the reading of its roots. */
export const audit: Migration = {
  id: '0014-audit',
  async up(db: Db): Promise<void> {
    await db.collection('audit').createIndexes([
      { key: { root: 1, at: -1 }, name: 'roots', partialFilterExpression: { root: true } },
      { key: { accountId: 1, at: -1 }, name: 'by_actor' },
      { key: { action: 1, at: -1 }, name: 'by_action' },
      { key: { sessionId: 1, at: -1 }, name: 'by_desk', partialFilterExpression: { sessionId: { $exists: true } } },
      { key: { traceId: 1 }, name: 'by_trace' },
    ]);
  },
};
