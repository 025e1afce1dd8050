import type { Db } from 'mongodb';
import type { Migration } from './index.ts';

/** The unique keys that the invariants rest on, and the indexes behind the reads of the first version. */
export const indexes: Migration = {
  id: '0001-indexes',
  async up(db: Db): Promise<void> {
    await db.collection('events').createIndexes([
      {
        key: { stream: 1, cmd: 1 },
        name: 'one_per_request',
        unique: true,
        partialFilterExpression: { cmd: { $exists: true } },
      },
      { key: { due: 1 }, name: 'pending_effects', partialFilterExpression: { due: { $exists: true } } },
      { key: { at: 1 }, name: 'tail' },
    ]);
    await db.collection('accounts').createIndexes([
      { key: { email: 1 }, name: 'one_per_email', unique: true },
      { key: { accessChangedAt: 1 }, name: 'access_changes' },
    ]);
    await db.collection('authSessions').createIndexes([
      { key: { accountId: 1 }, name: 'by_account' },
      { key: { revokedAt: 1 }, name: 'revocations' },
      { key: { expireAt: 1 }, name: 'expiry', expireAfterSeconds: 0 },
    ]);
    await db.collection('patients').createIndexes([
      { key: { code: 1 }, name: 'one_per_code', unique: true },
      { key: { 'guardians.accountId': 1 }, name: 'by_guardian' },
    ]);
    await db.collection('doctors').createIndexes([{ key: { accountId: 1 }, name: 'one_per_account', unique: true }]);
    await db.collection('deskSessions').createIndexes([
      { key: { status: 1, clinicId: 1 }, name: 'open_by_clinic' },
      { key: { doctorId: 1, startsAt: -1 }, name: 'by_doctor' },
    ]);
    await db.collection('places').createIndexes([
      // A patient is in one place at a time.
      { key: { patientId: 1 }, name: 'one_active', unique: true, partialFilterExpression: { active: true } },
      { key: { patientId: 1, createdAt: -1 }, name: 'history' },
      { key: { sessionId: 1 }, name: 'by_session' },
      {
        key: { joiningSince: 1 },
        name: 'unfinished_joins',
        partialFilterExpression: { joiningSince: { $exists: true } },
      },
    ]);
    await db.collection('encounters').createIndexes([{ key: { doctorId: 1, endedAt: -1 }, name: 'recent_visits' }]);
    await db.collection('audit').createIndexes([
      { key: { at: 1 }, name: 'by_time' },
      { key: { patientId: 1, at: 1 }, name: 'by_patient' },
    ]);
    await db.collection('requests').createIndexes([{ key: { expireAt: 1 }, name: 'expiry', expireAfterSeconds: 0 }]);
  },
};
