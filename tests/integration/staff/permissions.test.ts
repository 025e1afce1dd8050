import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  channelOf,
  channels,
  isChannelName,
  isOperationName,
  operationOf,
  operations,
} from '../../../shared/contract/index.ts';
import { hasPermission, mayUse, permissionSets, type PermissionSet } from '../../../shared/permissions.ts';
import { testHub, type TestHub } from '../../support/hub.ts';
import type { TestClient } from '../../support/TestClient.ts';
import { until } from '../../support/until.ts';

let hub: TestHub;
let people: Record<PermissionSet, TestClient>;
const strange = '00000000-0000-4000-8000-000000000001';

beforeAll(async () => {
  hub = await testHub();
  // Everybody starts from nothing but their own set.
  const accounts = hub.database.db.collection<{ _id: string }>('accounts');
  const [reception, nurse, billing] = await Promise.all(['reception', 'nurse', 'staff'].map((who) => hub.as(who)));
  if (!reception || !nurse || !billing) throw new Error('somebody is missing');
  await accounts.updateOne(
    { _id: billing.signedIn.account.id },
    { $set: { permissionSets: ['billing'], accessChangedAt: Date.now() } },
  );
  people = { reception, nurse, billing };
  await until('the new sets', async () => {
    const { permissionSets: held } = await billing.call('account.me', {});
    return held.length === 1 && held[0] === 'billing';
  });
});
afterAll(() => hub.close());

describe('[A1] staff by what they are trusted with', () => {
  const names = Object.keys(operations).filter(isOperationName);
  const guarded = names.filter((name) => operationOf(name).permission !== undefined);

  test('the sets differ on what the queue, registration, desks, vitals and announcements need', () => {
    for (const name of guarded) {
      const { roles, permission } = operationOf(name);
      expect([name, roles !== 'public' && roles.includes('staff') && permission !== undefined]).toEqual([name, true]);
    }
    for (const permission of ['queue', 'register', 'desks', 'vitals', 'announcements']) {
      expect(guarded.some((name) => operationOf(name).permission === permission)).toBe(true);
    }
  });

  // An empty input is refused before the role is looked at unless it fits: the order of the steps is authenticate, parse, authorize.
  const fitting: Record<string, unknown> = {
    'queue.openSession': { clinicId: strange, doctorId: strange, label: 'Evening' },
    'queue.addWalkIn': { sessionId: strange, name: 'Gita', age: 40, gender: 'female', reason: 'Cough' },
    'queue.checkInCode': { clinicId: strange },
    'queue.placeLink': { sessionId: strange, entryId: strange },
    'queue.callNext': { sessionId: strange, seen: null },
    'queue.call': { sessionId: strange, entryId: strange, seen: null },
    'queue.requeue': { sessionId: strange, entryId: strange, position: 1 },
    'queue.prioritise': { sessionId: strange, entryId: strange, priority: 'normal' },
    'queue.transfer': { sessionId: strange, entryId: strange, toSessionId: strange },
    'queue.scanArrived': { clinicId: strange, code: 'A'.repeat(43) },
    'queue.acknowledge': { sessionId: strange, entryId: strange, alert: 'arrival' },
    'queue.triage': { sessionId: strange, entryId: strange, vitals: {}, priority: 'normal' },
    'queue.undo': { sessionId: strange, entryId: strange, undoes: 1 },
    'queue.pause': { sessionId: strange, reason: 'break', until: null },
    'queue.unpause': { sessionId: strange },
    'queue.closeDesk': { sessionId: strange, rest: 'cancel' },
    'board.create': { clinicId: strange, doctorId: null, name: 'Hall' },
    'board.remove': { boardId: strange },
    'announcements.publish': {
      texts: { en: { title: 'x', body: 'x' }, hi: null },
      roles: ['doctor'],
      clinicId: strange,
    },
    'announcements.withdraw': { announcementId: strange },
    'announcements.list': { limit: 5 },
  };
  const entry = { sessionId: strange, entryId: strange };

  test.each(guarded)('%s', async (name) => {
    const operation = operationOf(name);
    const input = fitting[name] ?? entry;
    expect([name, operation.input.safeParse(input).success]).toEqual([name, true]);
    for (const set of permissionSets) {
      const expected = operation.permission !== undefined && hasPermission([set], operation.permission);
      const reply = await people[set].op(name, input);
      // Allowed, it goes on to look for what there is not.
      const code = reply.ok ? 'OK' : reply.error.code;
      expect([name, set, code === 'FORBIDDEN']).toEqual([name, set, !expected]);
      if (expected) expect([name, set, ['OK', 'NOT_FOUND'].includes(code)]).toEqual([name, set, true]);
    }
  });

  test('live channels ask for the same', async () => {
    for (const name of Object.keys(channels).filter(isChannelName)) {
      const { roles, permission } = channelOf(name);
      if (roles === 'public') continue;
      for (const set of permissionSets) {
        const allowed = mayUse({ roles: ['staff'], permissionSets: [set] }, { roles, permission });
        const reply = await people[set].subscribeReply(name, strange);
        const code = reply.ok ? 'OK' : reply.error.code;
        expect([name, set, code === 'FORBIDDEN']).toEqual([name, set, !allowed]);
      }
    }
  });

  test('chat with patients who wait is not for billing, and staff announce to their own clinics only', async () => {
    const patient = await hub.as('patient');
    const doctor = await hub.as('doctor');
    const sessionId = (await doctor.call('queue.sessions', {})).sessions[0]?.id ?? '';
    const patientId = patient.signedIn.account.patients[0]?.id ?? '';
    const { entryId } = await patient.call('queue.join', { sessionId, patientId, mode: 'video', reason: 'Cough' });
    const { threadId } = await patient.call('chat.open', { kind: 'waiting', entryId });
    for (const set of permissionSets) {
      const code = await people[set].op('chat.thread', { threadId });
      expect([set, code.ok ? 'OK' : code.error.code]).toEqual([set, set === 'billing' ? 'NOT_FOUND' : 'OK']);
    }
    const texts = { en: { title: 'Closed', body: 'On Monday' }, hi: null };
    const everywhere = await people.reception.op('announcements.publish', { texts, roles: ['doctor'], clinicId: null });
    expect(everywhere).toMatchObject({ ok: false, error: { code: 'FORBIDDEN' } });
    const clinicId = people.reception.signedIn.account.clinics[0]?.id ?? '';
    await people.reception.call('announcements.publish', { texts, roles: ['doctor'], clinicId });
    expect((await people.reception.call('announcements.list', {})).announcements.map((one) => one.clinicId)).toEqual([
      clinicId,
    ]);
  });
});
