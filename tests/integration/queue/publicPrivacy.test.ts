import { io, type Socket } from 'socket.io-client';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { QueueViews } from '../../../server/queue/QueueViews.ts';
import { contractVersion, reply } from '../../../shared/contract/wire.ts';
import { testHub, type TestHub } from '../../support/hub.ts';
import { createRelay, type Relay } from '../../support/relay.ts';
import { until } from '../../support/until.ts';

let hub: TestHub;
let relay: Relay;
let visitor: Socket;

beforeEach(async () => {
  hub = await testHub();
  relay = await createRelay(hub.url);
  const auth = { token: null, contract: contractVersion };
  visitor = io(relay.url, { transports: ['websocket'], auth, forceNew: true, reconnection: false });
  await until('the visitor is connected', () => visitor.connected);
});
afterEach(async () => {
  visitor.disconnect();
  await relay.close();
  await hub.close();
});

/** Every command of a busy day, before the eyes of a board and of whoever holds a link; ends with a token that both have seen. */
async function busyDay(): Promise<void> {
  const [doctor, doctor2, staff, asha, ravi] = await Promise.all([
    hub.as('doctor'),
    hub.as('doctor2'),
    hub.as('staff'),
    hub.as('patient'),
    hub.as('patient2'),
  ]);
  const here = (await doctor.call('queue.sessions', {})).sessions[0]?.id ?? '';
  const there = (await doctor2.call('queue.sessions', {})).sessions[0]?.id ?? '';
  const clinicId = staff.signedIn.account.clinics[0]?.id ?? '';
  const watch = async (channel: string, key: string) => {
    const answer = reply.parse(await visitor.timeout(10_000).emitWithAck('subscribe', { channel, key }));
    expect(answer.ok).toBe(true);
  };
  const { boardId } = await staff.call('board.create', { clinicId, doctorId: null, name: 'Hall' });
  await watch('board', boardId);
  const joined = async (who: typeof asha) => {
    const patientId = who.signedIn.account.patients[0]?.id ?? '';
    const { entryId } = await who.call('queue.join', {
      sessionId: here,
      patientId,
      mode: 'video',
      reason: 'Private reason',
    });
    return { sessionId: here, entryId };
  };
  const [mine, theirs] = [await joined(asha), await joined(ravi)];
  await watch('linkedPlace', (await staff.call('queue.placeLink', mine)).key);
  const walkIn = { sessionId: here, name: 'Gita Hidden', age: 41, gender: 'female' as const, phone: '+91 98450 77123' };
  const added = await staff.call('queue.addWalkIn', { ...walkIn, reason: 'Very private', priority: 'emergency' });
  const gita = { sessionId: here, entryId: added.entryId };
  await staff.call('queue.triage', { ...gita, vitals: { pulse: 133 }, note: 'Hidden note', priority: 'urgent' });
  await staff.call('queue.acknowledge', { ...gita, alert: 'urgent' });
  await asha.call('queue.checkIn', { entryId: mine.entryId });
  await staff.call('queue.markArrived', theirs);
  await staff.call('queue.pause', { sessionId: here, reason: 'break', until: Date.now() + 60_000 });
  await staff.call('queue.unpause', { sessionId: here });
  await doctor.call('queue.call', { ...gita, seen: null });
  await doctor.call('queue.recall', gita);
  await doctor.call('queue.start', gita);
  await doctor.call('queue.hold', gita);
  const resumed = await doctor.call('queue.resume', gita);
  await staff.call('queue.undo', { ...gita, undoes: resumed.seq });
  await staff.call('queue.requeue', { ...theirs, position: 1 });
  await staff.call('queue.prioritise', { ...theirs, priority: 'urgent' });
  await doctor.call('queue.call', { ...theirs, seen: gita.entryId });
  await doctor.call('queue.skip', theirs);
  await staff.call('queue.transfer', { ...theirs, toSessionId: there });
  await staff.call('queue.cancel', gita);
  await doctor.call('queue.call', { ...mine, seen: theirs.entryId });
  await doctor.call('queue.start', mine);
  await doctor.call('queue.finish', mine);
  await until('the end of her visit on the wire', () => /"state":"done"/.test(relay.down()));
  await staff.call('queue.closeDesk', { sessionId: here, rest: 'transfer', toSessionId: there });
  await until('the other desk alone on the board', () =>
    /"desks":\[\{[^[]*"next":\[[^\]]*\][^[\]]*\}\]/.test(lastBoard()),
  );
}
const lastBoard = (): string => relay.down().slice(relay.down().lastIndexOf('"channel":"board"'));

/** What of people stands in the bytes. */
async function leaks(): Promise<string[]> {
  const { db } = hub.database;
  const all = async (name: string) => await db.collection(name).find({}).toArray();
  const text = (value: unknown): string[] => (typeof value === 'string' && value.length > 3 ? [value] : []);
  const [patients, accounts, places, encounters] = await Promise.all(
    ['patients', 'accounts', 'places', 'encounters'].map(all),
  );
  const secrets = [
    ...(patients ?? []).flatMap((one): unknown[] => [one._id, one['name'], one['code'], one['phone']]),
    // Names of doctors are public, on the door of their room as here.
    ...(accounts ?? []).flatMap((one): unknown[] => [
      one._id,
      ...(String(one['name']).startsWith('Dr.') ? [] : [one['name']]),
    ]),
    ...(places ?? []).map((one) => one._id),
    ...(encounters ?? []).map((one) => one._id),
    'Private reason',
    'Very private',
    'Hidden note',
  ].flatMap(text);
  expect(secrets.length).toBeGreaterThan(40);
  return secrets.filter((secret) => relay.down().includes(secret));
}

describe('[C4 I3] who has no account', () => {
  test('reads nothing of anybody on a board or by a link, through every command of a busy day', async () => {
    await busyDay();
    expect(relay.down()).toContain('A-004');
    expect(relay.down()).toContain('Dr. Meera Rao');
    expect(await leaks()).toEqual([]);
  });

  test('a leak into either is caught by this very test', async () => {
    const { boardDesk, places } = QueueViews.prototype;
    vi.spyOn(QueueViews.prototype, 'boardDesk').mockImplementation(async function (this: QueueViews, sessionId) {
      const desk = await boardDesk.call(this, sessionId);
      return desk && { ...desk, label: 'Lakshmi Iyer' };
    });
    vi.spyOn(QueueViews.prototype, 'places').mockImplementation(async function (this: QueueViews, ...args) {
      const found = await places.apply(this, args);
      return found.map((one) => ({ ...one, clinicName: one.patientName }));
    });
    try {
      await busyDay();
      expect(await leaks()).toEqual(expect.arrayContaining(['Lakshmi Iyer', 'Asha Verma']));
    } finally {
      vi.restoreAllMocks();
    }
  });
});
