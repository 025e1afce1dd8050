import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readConfig } from '../../../server/config.ts';
import { MasterKeys } from '../../../server/keys/MasterKeys.ts';
import { PatientKeys } from '../../../server/keys/PatientKeys.ts';
import { registerQueueEffects } from '../../../server/queue/effects.ts';
import { queueKind } from '../../../server/queue/kind.ts';
import { Places } from '../../../server/queue/Places.ts';
import { Effects } from '../../../server/store/Effects.ts';
import { createRepos } from '../../../server/store/Repos.ts';
import { Streams } from '../../../server/store/streams/index.ts';
import { createLogger } from '../../../server/support/logger.ts';
import { alertsOf } from '../../../shared/state/alerts.ts';
import { place, type Place } from '../../../shared/contract/queueViews.ts';
import { queueState, waitingOrder, type QueueState } from '../../../shared/state/queue.ts';
import { testHub, type TestHub } from '../../support/hub.ts';
import type { TestClient } from '../../support/TestClient.ts';
import { until } from '../../support/until.ts';

let hub: TestHub;
let doctor: TestClient;
let staff: TestClient;
let patient: TestClient;
let here: string;
let there: string;

beforeEach(async () => {
  hub = await testHub();
  [doctor, staff, patient] = await Promise.all([hub.as('doctor'), hub.as('staff'), hub.as('patient')]);
  here = (await doctor.call('queue.sessions', {})).sessions[0]?.id ?? '';
  there = (await staff.call('queue.sessions', {})).sessions.find((one) => one.id !== here)?.id ?? '';
});
afterEach(() => hub.close());

async function stateOf(sessionId: string): Promise<QueueState> {
  const answer = await staff.subscribe('queue', sessionId);
  return queueState.parse(answer.kind === 'snapshot' ? answer.state : null);
}
const entryOf = async (entryId: string, sessionId = here) => (await stateOf(sessionId)).entries[entryId];
const undo = async (by: TestClient, entryId: string, requestId?: string) => {
  const undoes = (await entryOf(entryId))?.undo?.seq ?? 1;
  return await by.call('queue.undo', { sessionId: here, entryId, undoes }, requestId);
};
const docOf = (collection: string, filter: object) => hub.database.db.collection(collection).findOne(filter);
const settled = (collection: string, filter: object, wanted: object) =>
  until(`${collection} ${JSON.stringify(wanted)}`, async () => {
    const found = await docOf(collection, filter);
    return found !== null && Object.entries(wanted).every(([key, value]) => found[key] === value);
  });

/** What another hub's sweep does about queue events that are due. */
async function sweepElsewhere(): Promise<void> {
  const { db } = hub.database;
  const now = Date.now;
  const repos = createRepos(db, new PatientKeys(db, new MasterKeys(readConfig(hub.env).masterKeys), now));
  const queues = new Streams({ db, hub: 'another', now }).of(queueKind);
  const effects = new Effects({ db, now, log: createLogger('silent') });
  registerQueueEffects(effects, { repos, places: new Places({ repos, queues, now }), onDesksChanged: () => undefined });
  await effects.sweep();
}

/** Asha, in a video visit at the first desk. */
async function visit(mode: 'video' | 'in-person' = 'video'): Promise<{ sessionId: string; entryId: string }> {
  const entry = await join(mode);
  await doctor.call('queue.call', { ...entry, seen: null });
  await doctor.call('queue.start', entry);
  return entry;
}
async function join(mode: 'video' | 'in-person' = 'video', who = patient) {
  const patientId = who.signedIn.account.patients[0]?.id ?? '';
  const { entryId } = await who.call('queue.join', { sessionId: here, patientId, mode, reason: 'Cough' });
  return { sessionId: here, entryId };
}
const watch = async (entryId: string) => {
  await patient.subscribe('place', entryId);
  return (wanted: (state: Place) => boolean, what: string) => patient.view('place', entryId, place, wanted, what);
};

describe('[C2] in the middle of a visit', () => {
  test('hold and come back: the visit goes on, the room closes and opens', async () => {
    const entry = await visit();
    const { entryId } = entry;
    await settled('rooms', { _id: entryId }, { status: 'open' });
    expect(await doctor.call('queue.hold', entry, 'hold-request-1')).toEqual(
      await doctor.call('queue.hold', entry, 'hold-request-1'),
    );
    await settled('rooms', { _id: entryId }, { status: 'closed' });
    expect(await docOf('encounters', { entryId })).toMatchObject({ status: 'in-progress' });
    const next = await doctor.call('queue.callNext', { sessionId: here, seen: entryId });
    await doctor.call('queue.skip', { sessionId: here, entryId: next.entryId });
    await doctor.call('queue.resume', entry);
    await doctor.call('queue.call', { ...entry, seen: next.entryId });
    await doctor.call('queue.start', entry);
    await settled('rooms', { _id: entryId }, { status: 'open' });
    await doctor.call('queue.finish', entry);
    await settled('encounters', { entryId }, { status: 'completed' });
    expect(await hub.database.db.collection('encounters').countDocuments({ entryId })).toBe(1);
  });

  test('what is the doctor’s is not the staff’s', async () => {
    const entry = await visit();
    for (const name of ['queue.finish', 'queue.hold'] as const) {
      await expect(staff.call(name, entry)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    }
    await expect(staff.call('queue.transfer', { ...entry, toSessionId: there })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
    await expect(undo(staff, entry.entryId)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await doctor.call('queue.finish', entry);
    const walkIn = { sessionId: here, name: 'Gita', age: 41, gender: 'female' as const, reason: 'Dizzy' };
    const added = await staff.call('queue.addWalkIn', walkIn);
    const theirs = { sessionId: here, entryId: added.entryId };
    await staff.call('queue.call', { ...theirs, seen: entry.entryId });
    await staff.call('queue.start', theirs);
    await staff.call('queue.finish', theirs);
  });
});

describe('[C2] undo', () => {
  test('call, start, finish: each step back, with its room, its visit and its place', async () => {
    const entry = await visit();
    const { entryId } = entry;
    await doctor.call('queue.finish', entry);
    await settled('encounters', { entryId }, { status: 'completed' });
    await settled('places', { _id: entryId }, { active: undefined });
    const back = await undo(doctor, entryId, 'undo-request-1');
    expect(await doctor.call('queue.undo', { ...entry, undoes: back.seq - 1 }, 'undo-request-1')).toEqual(back);
    await settled('encounters', { entryId }, { status: 'in-progress' });
    await settled('rooms', { _id: entryId }, { status: 'open' });
    await settled('places', { _id: entryId }, { active: true });
    // Only the last thing: what stood before it is history.
    await expect(undo(doctor, entryId)).rejects.toMatchObject({ code: 'NOT_UNDOABLE' });
    await doctor.call('queue.finish', entry);

    const other = await doctor.call('queue.callNext', { sessionId: here, seen: entryId });
    const theirs = { sessionId: here, entryId: other.entryId };
    await doctor.call('queue.start', theirs);
    await undo(doctor, other.entryId);
    expect((await entryOf(other.entryId))?.state).toBe('called');
    await settled('encounters', { entryId: other.entryId }, { status: 'void' });
    // Begun after all: the same visit counts again.
    await doctor.call('queue.start', theirs);
    await settled('encounters', { entryId: other.entryId }, { status: 'in-progress' });
  });

  test('a cancellation: the place is theirs again, unless they have taken another', async () => {
    const entry = await join();
    const { entryId } = entry;
    const see = await watch(entryId);
    await staff.call('queue.cancel', entry);
    await see((state) => state.state === 'cancelled', 'the end');
    await undo(staff, entryId);
    await see((state) => state.state === 'waiting', 'the return');
    await expect(join()).rejects.toMatchObject({ code: 'ALREADY_IN_QUEUE' });
    await staff.call('queue.cancel', entry);
    const patientId = patient.signedIn.account.patients[0]?.id ?? '';
    await patient.call('queue.join', { sessionId: there, patientId, mode: 'video', reason: 'Cough' });
    await expect(undo(staff, entryId)).rejects.toMatchObject({ code: 'ALREADY_IN_QUEUE' });
    expect((await entryOf(entryId))?.state).toBe('cancelled');
  });

  test('a call while somebody else is at the desk', async () => {
    const first = await doctor.call('queue.callNext', { sessionId: here, seen: null });
    await doctor.call('queue.skip', { sessionId: here, entryId: first.entryId });
    await doctor.call('queue.callNext', { sessionId: here, seen: first.entryId });
    await expect(undo(doctor, first.entryId)).rejects.toMatchObject({ code: 'CALLED_WAITING' });
  });
});

describe('[C2] to another desk', () => {
  test('the time waited counts there; one place at a time; repeats happen once', async () => {
    const entry = await join();
    const see = await watch(entry.entryId);
    const joinedAt = (await entryOf(entry.entryId))?.joinedAt;
    const send = () => staff.call('queue.transfer', { ...entry, toSessionId: there }, 'transfer-request');
    const [moved] = await Promise.all([send(), send(), send()]);
    const left = await see((state) => state.state === 'transferred', 'the transfer');
    expect(left.movedTo).toMatchObject({ entryId: moved.toEntryId, doctorName: 'Dr. Imran Qureshi' });
    const arrived = await until('them in the other queue', async () => entryOf(moved.toEntryId, there));
    expect(arrived).toMatchObject({ state: 'waiting', joinedAt, from: { sessionId: here, entryId: entry.entryId } });
    expect((await patient.subscribe('place', moved.toEntryId)).kind).toBe('view');
    await expect(join()).rejects.toMatchObject({ code: 'ALREADY_IN_QUEUE' });
    const patientId = patient.signedIn.account.patients[0]?.id;
    expect(await hub.database.db.collection('places').countDocuments({ patientId, active: true })).toBe(1);
    expect(Object.keys((await stateOf(there)).entries)).toHaveLength(2);
    await expect(staff.call('queue.transfer', { ...entry, toSessionId: here })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    });
  });

  test('a hub that dies between the two halves: another finishes it', async () => {
    const entry = await join();
    // As after a crash: the event is there, nothing that follows from it was done.
    const real = Places.prototype.transfer;
    Places.prototype.transfer = () => Promise.reject(new Error('the process died'));
    let moved: { toEntryId: string };
    try {
      moved = await staff.call('queue.transfer', { ...entry, toSessionId: there });
      await until('the effect to have been tried', async () => {
        const event = await docOf('events', { type: 'transferred' });
        return JSON.stringify(event?.['effects']).includes('"attempts":1');
      });
    } finally {
      Places.prototype.transfer = real;
    }
    expect(await entryOf(moved.toEntryId, there)).toBeUndefined();
    await hub.database.db.collection('events').updateOne({ type: 'transferred' }, { $set: { due: 1 } });
    await sweepElsewhere();
    const arrived = await until('the other half', () => entryOf(moved.toEntryId, there));
    expect(arrived).toMatchObject({ state: 'waiting', from: entry });
    const patientId = patient.signedIn.account.patients[0]?.id;
    expect(await hub.database.db.collection('places').countDocuments({ patientId, active: true })).toBe(1);
  });

  test('the other desk closed meanwhile: back where they were', async () => {
    const entry = await join();
    const real = Places.prototype.transfer;
    let go: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (go = resolve));
    Places.prototype.transfer = async function (this: Places, ...args) {
      await held;
      return await real.apply(this, args);
    };
    try {
      await staff.call('queue.transfer', { ...entry, toSessionId: there });
      await staff.call('queue.closeDesk', { sessionId: there, rest: 'cancel' });
      go();
      await until('them to be back', async () => (await entryOf(entry.entryId))?.state === 'waiting');
    } finally {
      Places.prototype.transfer = real;
    }
    await settled('places', { _id: entry.entryId }, { active: true });
    await expect(join()).rejects.toMatchObject({ code: 'ALREADY_IN_QUEUE' });
  });
});

describe('[C2] the line and the desk', () => {
  test('requeue says which place was given', async () => {
    const line = waitingOrder(await stateOf(here)).map((entry) => entry.id);
    const [urgent = '', first = '', second = ''] = line;
    const requeue = (entryId: string, position: number) =>
      staff.call('queue.requeue', { sessionId: here, entryId, position });
    expect((await requeue(second, 1)).position).toBe(2);
    expect((await requeue(first, 999)).position).toBe(3);
    expect(waitingOrder(await stateOf(here)).map((entry) => entry.id)).toEqual([urgent, second, first]);
  });

  test('a break: nobody is called, patients see until when; a second desk may be late', async () => {
    const entry = await join();
    const see = await watch(entry.entryId);
    const end = Date.now() + 600_000;
    await staff.call('queue.pause', { sessionId: here, reason: 'late', until: end });
    const paused = await see((state) => state.pause !== null, 'the break');
    expect(paused).toMatchObject({ doctor: 'on-break', pause: { reason: 'late', until: end } });
    await expect(doctor.call('queue.callNext', { sessionId: here, seen: null })).rejects.toMatchObject({
      code: 'DESK_PAUSED',
      details: { until: end },
    });
    await doctor.call('queue.unpause', { sessionId: here });
    await see((state) => state.pause === null && state.doctor === 'free', 'the end of the break');
    await doctor.call('queue.callNext', { sessionId: here, seen: null });
  });

  test('closing sends the rest on, or home', async () => {
    const entry = await join();
    const see = await watch(entry.entryId);
    const close = () =>
      staff.call('queue.closeDesk', { sessionId: here, rest: 'transfer', toSessionId: there }, 'close-request-1');
    expect(await close()).toMatchObject({ moved: 4, cancelled: 0 });
    expect(await close()).toMatchObject({ moved: 4, cancelled: 0 });
    await see((state) => state.movedTo !== null, 'the move');
    await until('five at the other desk', async () => waitingOrder(await stateOf(there)).length === 5);
    await settled('deskSessions', { _id: here }, { status: 'closed' });
    expect(await staff.call('queue.closeDesk', { sessionId: there, rest: 'cancel' })).toMatchObject({ cancelled: 5 });
    await settled(
      'places',
      { patientId: patient.signedIn.account.patients[0]?.id, sessionId: there },
      { active: undefined },
    );
    await expect(join()).rejects.toMatchObject({ code: 'SESSION_CLOSED' });
  });

  test('an alert that one takes care of is gone for all, on another hub too', async () => {
    const second = await testHub({}, { database: hub.database, env: hub.env });
    try {
      const colleague = await second.as('staff');
      const answer = await colleague.subscribe('queue', here);
      const state = queueState.parse(answer.kind === 'snapshot' ? answer.state : null);
      const [urgent] = alertsOf(state, Date.now(), 30);
      expect(urgent).toMatchObject({ kind: 'urgent', token: 'A-003' });
      await staff.call('queue.acknowledge', { sessionId: here, entryId: urgent?.entryId ?? '', alert: 'urgent' });
      await until('the news on the other hub', () =>
        colleague.batches.some((batch) => JSON.stringify(batch.events).includes('acknowledged')),
      );
      expect(alertsOf(await stateOf(here), Date.now(), 30)).toEqual([]);
    } finally {
      await second.close();
    }
  });
});
