import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { receiptsState, typingState, unreadState } from '../../../shared/contract/chat.ts';
import { testHub, type TestHub } from '../../support/hub.ts';
import type { TestClient } from '../../support/TestClient.ts';
import { takePlace, type Visit } from './support.ts';

let hub: TestHub;
let other: TestHub;
let patient: TestClient;
let doctor: TestClient;
let tablet: TestClient;
let visit: Visit;
beforeAll(async () => {
  hub = await testHub();
  other = await testHub({}, hub);
  patient = await hub.as('patient');
  doctor = await hub.as('doctor');
  // The doctor's second device is on the other hub.
  tablet = await other.as('doctor');
  visit = await takePlace(hub, patient);
  for (const device of [doctor, tablet]) await device.subscribe('unread', device.signedIn.account.id);
});
afterAll(async () => {
  await other.close();
  await hub.close();
});

const unread = (client: TestClient, threadId: string, count: number, what: string) =>
  client.view(
    'unread',
    client.signedIn.account.id,
    unreadState,
    (state) => (state.threads[threadId] ?? 0) === count,
    what,
  );

describe('[E1] unread and receipts', () => {
  test('counted on every device and hub, gone on all when read on one, never the own ones', async () => {
    const threadId = visit.entryId;
    for (const client of [patient, doctor]) await client.subscribe('receipts', threadId);
    await patient.call('chat.send', { threadId, text: 'one' });
    const two = await patient.call('chat.send', { threadId, text: 'two' });
    for (const device of [doctor, tablet]) await unread(device, threadId, 2, 'two unread');
    await tablet.call('chat.delivered', { threadId, seq: two.seq });
    const readers = (wanted: (of: { deliveredSeq: number; readSeq: number }) => boolean, what: string) =>
      patient.view(
        'receipts',
        threadId,
        receiptsState,
        (state) => state.readers.some((one) => one.side === 'doctor' && wanted(one)),
        what,
      );
    await readers((one) => one.deliveredSeq === two.seq && one.readSeq === 0, 'delivered');
    await tablet.call('chat.read', { threadId, seq: two.seq });
    const state = await readers((one) => one.readSeq === two.seq, 'read');
    // A side, not a person.
    expect(state.readers.every((one) => one.accountId === null)).toBe(true);
    for (const device of [doctor, tablet]) await unread(device, threadId, 0, 'nothing unread');
    // Backwards and beyond the end mean nothing.
    await doctor.call('chat.read', { threadId, seq: 1 });
    await doctor.call('chat.read', { threadId, seq: 900_000 });
    const { thread } = await doctor.call('chat.thread', { threadId });
    expect(thread.unread).toBe(0);
    const three = await patient.call('chat.send', { threadId, text: 'three' });
    for (const device of [doctor, tablet]) await unread(device, threadId, 1, 'one unread');
    await patient.call('chat.delete', { threadId, messageId: three.messageId });
    for (const device of [doctor, tablet]) await unread(device, threadId, 0, 'nothing: it was taken back');
  });

  test('a thread the hub has never heard of counts too; an answer of the desk settles it for the desk', async () => {
    const [staff, admin] = [await other.as('staff'), await hub.as('admin')];
    for (const one of [staff, admin]) await one.subscribe('unread', one.signedIn.account.id);
    const { threadId } = await patient.call('chat.open', { kind: 'waiting', entryId: visit.entryId });
    await patient.call('chat.send', { threadId, text: 'Is the doctor late?' });
    for (const one of [staff, admin, doctor]) await unread(one, threadId, 1, 'one unread at the desk');
    await staff.call('chat.send', { threadId, text: 'Ten minutes' });
    for (const one of [staff, admin, doctor]) await unread(one, threadId, 0, 'answered');
    await patient.subscribe('unread', patient.signedIn.account.id);
    const { threads } = await patient.call('chat.threads', {});
    expect(threads.find((one) => one.id === threadId)).toMatchObject({ unread: 1, last: { text: 'Ten minutes' } });
  });

  test('in the staff channel it is by person', async () => {
    const staff = await hub.as('staff');
    const { threadId } = await staff.call('chat.open', { kind: 'staff', clinicId: visit.clinicId });
    const { seq } = await staff.call('chat.send', { threadId, text: 'Lunch at one' });
    await staff.subscribe('receipts', threadId);
    await unread(tablet, threadId, 1, 'news for the doctor');
    await tablet.call('chat.read', { threadId, seq });
    await staff.view(
      'receipts',
      threadId,
      receiptsState,
      (state) => state.readers.some((one) => one.accountId === doctor.signedIn.account.id && one.readSeq === seq),
      'read by the doctor',
    );
  });

  test('unread counts are one’s own', async () => {
    await expect(patient.subscribe('unread', doctor.signedIn.account.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('[E1] typing', () => {
  test('is seen, is over with the message, and by itself', async () => {
    const threadId = visit.entryId;
    await doctor.subscribe('typing', threadId);
    const me = patient.signedIn.account.id;
    const writes = (is: boolean, what: string) =>
      doctor.view(
        'typing',
        threadId,
        typingState,
        (state) => state.people.some((one) => one.accountId === me) === is,
        what,
      );
    await patient.call('chat.typing', { threadId });
    await writes(true, 'the patient to be writing');
    await patient.call('chat.send', { threadId, text: 'there' });
    await writes(false, 'over with the message');
    await patient.call('chat.typing', { threadId });
    await writes(true, 'writing again');
    await writes(false, 'over by itself');
    expect(await hub.database.db.collection('events').countDocuments({ type: 'typing' })).toBe(0);
  });
});
