import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testHub, type TestHub } from '../../support/hub.ts';
import { uuid } from '../../support/histories.ts';
import type { TestClient } from '../../support/TestClient.ts';
import { until } from '../../support/until.ts';
import { heard, snapshot, takePlace, type Visit } from './support.ts';

type Who = 'patient' | 'patient2' | 'doctor' | 'doctor2' | 'staff' | 'admin';
const everyone: readonly Who[] = ['patient', 'patient2', 'doctor', 'doctor2', 'staff', 'admin'];

let hub: TestHub;
let other: TestHub;
let people: Record<Who, TestClient>;
let visit: Visit;
beforeAll(async () => {
  hub = await testHub();
  other = await testHub({}, hub);
  const all = await Promise.all(everyone.map(async (who) => [who, await hub.as(who)] as const));
  people = Object.fromEntries(all) as Record<Who, TestClient>;
  visit = await takePlace(hub, people.patient);
});
afterAll(async () => {
  await other.close();
  await hub.close();
});

describe('[E1] who is in which thread', () => {
  const rows: [kind: 'visit' | 'waiting' | 'direct' | 'staff', opener: Who, allowed: Who[]][] = [
    ['visit', 'patient', ['patient', 'doctor']],
    ['waiting', 'patient', ['patient', 'doctor', 'staff', 'admin']],
    ['direct', 'doctor', ['patient', 'doctor']],
    ['staff', 'staff', ['doctor', 'doctor2', 'staff', 'admin']],
  ];

  test.each(rows)('%s', async (kind, opener, allowed) => {
    const about = kind === 'staff' ? { kind, clinicId: visit.clinicId } : { kind, entryId: visit.entryId };
    const { threadId } = await people[opener].call('chat.open', about);
    if (kind === 'visit') expect(threadId).toBe(visit.entryId);
    const first = await people[opener].call('chat.send', { threadId, text: `first in ${kind}` });
    for (const who of everyone) {
      const client = people[who];
      const replies = [
        await client.op('chat.open', about),
        await client.op('chat.thread', { threadId }),
        await client.op('chat.send', { threadId, text: `${who} was here` }),
        await client.op('chat.history', { threadId, before: 100 }),
        await client.op('chat.search', { threadId, text: 'first' }),
        await client.op('chat.read', { threadId, seq: 1 }),
        await client.op('chat.delivered', { threadId, seq: 1 }),
        await client.op('chat.typing', { threadId }),
        await client.subscribeReply('chat', threadId),
        await client.subscribeReply('receipts', threadId),
        await client.subscribeReply('typing', threadId),
      ];
      const codes = replies.map((reply) => (reply.ok ? 'OK' : reply.error.code));
      expect([who, new Set(codes)]).toEqual([who, new Set([allowed.includes(who) ? 'OK' : 'NOT_FOUND'])]);
      const { threads } = await client.call('chat.threads', {});
      expect([who, threads.some((one) => one.id === threadId)]).toEqual([who, allowed.includes(who)]);
      if (who === opener) continue;
      // Nobody changes or takes back what somebody else wrote, whatever their role.
      const change = { threadId, messageId: first.messageId };
      const refusal = { ok: false, error: { code: allowed.includes(who) ? 'FORBIDDEN' : 'NOT_FOUND' } };
      expect(await client.op('chat.edit', { ...change, text: 'mine now' })).toMatchObject(refusal);
      expect(await client.op('chat.delete', change)).toMatchObject(refusal);
    }
    expect(await hub.database.db.collection('threads').countDocuments({ kind })).toBe(1);
  });

  test('the channel of a clinic is there before anybody wrote in it', async () => {
    const fresh = await testHub();
    try {
      const doctor = await fresh.as('doctor2');
      const [channel] = (await doctor.call('chat.threads', {})).threads;
      const threadId = channel?.id ?? '';
      expect(channel).toMatchObject({ kind: 'staff', side: 'doctor', lastAt: null });
      expect((await snapshot(doctor, threadId)).state.messages).toEqual([]);
      for (const view of ['receipts', 'typing']) await doctor.subscribe(view, threadId);
      await doctor.call('chat.send', { threadId, text: 'first' });
      const staff = await fresh.as('staff');
      expect((await snapshot(staff, threadId)).state.messages).toHaveLength(1);
      expect((await staff.call('chat.threads', {})).threads.map((one) => one.id)).toEqual([threadId]);
      const patient = await fresh.as('patient');
      expect((await patient.call('chat.threads', {})).threads).toEqual([]);
      await expect(snapshot(patient, threadId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    } finally {
      await fresh.close();
    }
  });

  test('a patient learns no names of the reception; the desk sees who is who; a threads list names only its own', async () => {
    const { threadId } = await people.patient.call('chat.open', { kind: 'waiting', entryId: visit.entryId });
    const told = await people.patient.call('chat.thread', { threadId });
    const names = new Map(told.people.map((one) => [one.accountId, one.name]));
    expect(names.has(people.staff.signedIn.account.id)).toBe(false);
    expect(names.get(people.doctor.signedIn.account.id)).toBe(people.doctor.signedIn.account.name);
    expect(told.thread.side).toBe('patient');
    const desk = await people.staff.call('chat.thread', { threadId });
    expect(desk.people.find((one) => one.accountId === people.staff.signedIn.account.id)?.name).toBe('Sunita Joshi');
    expect(desk.thread).toMatchObject({ side: 'staff', patientName: 'Asha Verma', kind: 'waiting' });
    expect(JSON.stringify(await people.patient2.call('chat.threads', {}))).not.toMatch(/Asha|Sunita/);
  });

  test('what does not exist cannot be opened', async () => {
    const nothing = { code: 'NOT_FOUND' };
    await expect(people.staff.call('chat.open', { kind: 'staff', clinicId: uuid(1) })).rejects.toMatchObject(nothing);
    await expect(people.doctor.call('chat.open', { kind: 'direct', entryId: uuid(1) })).rejects.toMatchObject(nothing);
    await expect(people.staff.call('chat.open', { kind: 'staff' })).rejects.toMatchObject(nothing);
    await expect(people.patient.call('chat.send', { threadId: visit.entryId, text: '  ' })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    });
  });

  test('who loses their clinic loses its threads within the promised time', async () => {
    const { threadId } = await people.admin.call('chat.open', { kind: 'staff', clinicId: visit.clinicId });
    const admin = await hub.as('admin');
    await snapshot(admin, threadId);
    const { db } = hub.database;
    const account = { email: 'admin@demo.nadi' };
    await db.collection('accounts').updateOne(account, { $set: { clinicIds: [], accessChangedAt: Date.now() } });
    await until('the subscription to be closed', () => admin.closed.length > 0, { timeoutMs: 5_000 });
    await expect(admin.call('chat.history', { threadId, before: 9 })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await db
      .collection('accounts')
      .updateOne(account, { $set: { clinicIds: [visit.clinicId], accessChangedAt: Date.now() } });
  });
});

describe('[E1] sent once', () => {
  test('a repeat, also at once and on another hub, is the same message', async () => {
    const there = await other.as('patient');
    const { threadId } = await people.patient.call('chat.open', { kind: 'direct', entryId: visit.entryId });
    const before = await snapshot(people.doctor, threadId);
    const wish = { threadId, text: 'exactly once' };
    const sent = await Promise.all(
      [people.patient, there, people.patient, there].map((client) => client.call('chat.send', wish, 'send-me-once')),
    );
    expect(new Set(sent.map((one) => `${one.messageId} ${one.seq}`)).size).toBe(1);
    await heard(people.doctor, threadId, (event) => event.seq === sent[0]?.seq, 'the message');
    const after = await snapshot(await hub.as('doctor'), threadId);
    expect(after.seq).toBe(before.seq + 1);
    await expect(there.call('chat.send', { ...wish, text: 'else' }, 'send-me-once')).rejects.toMatchObject({
      code: 'REQUEST_REUSED',
    });
    // The same id in another thread is another message.
    const elsewhere = await people.patient.call('chat.send', { ...wish, threadId: visit.entryId }, 'send-me-once');
    expect(elsewhere.messageId).not.toBe(sent[0]?.messageId);
  });

  test('edits and withdrawals are repeated safely too', async () => {
    const threadId = visit.entryId;
    const { messageId } = await people.patient.call('chat.send', { threadId, text: 'one' });
    const edit = { threadId, messageId, text: 'two' };
    const first = await people.patient.call('chat.edit', edit, 'edit-me-once');
    expect(await people.patient.call('chat.edit', edit, 'edit-me-once')).toEqual(first);
    const gone = await people.patient.call('chat.delete', { threadId, messageId }, 'delete-me-once');
    expect(await people.patient.call('chat.delete', { threadId, messageId }, 'delete-me-once')).toEqual(gone);
    await expect(people.patient.call('chat.edit', edit)).rejects.toMatchObject({ code: 'WRONG_STATE' });
    await expect(people.patient.call('chat.delete', { threadId, messageId })).rejects.toMatchObject({
      code: 'WRONG_STATE',
    });
  });
});
