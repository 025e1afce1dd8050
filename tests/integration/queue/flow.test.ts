import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { directory, place, type Place } from '../../../shared/contract/queueViews.ts';
import { queueEvent, queueState, reduceQueue, waitingOrder, type QueueState } from '../../../shared/state/queue.ts';
import { testHub, type TestHub } from '../../support/hub.ts';
import type { TestClient } from '../../support/TestClient.ts';
import { until } from '../../support/until.ts';

let hub: TestHub;
let doctor: TestClient;
let patient: TestClient;
let staff: TestClient;
let sessionId: string;

beforeAll(async () => {
  hub = await testHub();
  [doctor, patient, staff] = await Promise.all([hub.as('doctor'), hub.as('patient'), hub.as('staff')]);
  const { sessions } = await doctor.call('queue.sessions', {});
  sessionId = sessions[0]?.id ?? '';
});
afterAll(() => hub.close());

const asha = (client: TestClient): string => client.signedIn.account.patients[0]?.id ?? '';
const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : error);

/** The desk's state as a client builds it: snapshot, then every batch, in order without holes. */
function follow(client: TestClient, start: { seq: number; state: QueueState }): QueueState {
  let { seq, state } = start;
  for (const batch of client.batches.filter((one) => one.channel === 'queue')) {
    for (const raw of batch.events) {
      const event = queueEvent.parse(raw);
      if (event.seq <= seq) continue;
      expect(event.seq).toBe(seq + 1);
      seq = event.seq;
      state = reduceQueue(state, event);
    }
  }
  return state;
}

describe('[C1 C2 C3 C8] a morning at one desk', () => {
  test('the doctor sees one desk, staff see the clinic’s', async () => {
    expect((await doctor.call('queue.sessions', {})).sessions).toHaveLength(1);
    expect((await staff.call('queue.sessions', {})).sessions).toHaveLength(2);
  });

  test('join, see one’s place move, be called, be seen, be done', async () => {
    const first = await doctor.subscribe('queue', sessionId);
    if (first.kind !== 'snapshot') throw new Error('expected a snapshot');
    const start = { seq: first.seq, state: queueState.parse(first.state) };
    expect(waitingOrder(start.state).map((entry) => entry.priority)).toEqual(['urgent', 'normal', 'normal']);

    const joined = await patient.call('queue.join', {
      sessionId,
      patientId: asha(patient),
      mode: 'video',
      reason: 'Cough',
    });
    expect(joined.token).toBe('A-004');
    const watch = await patient.subscribe('place', joined.entryId);
    if (watch.kind !== 'view') throw new Error('expected a view');
    expect(place.parse(watch.state)).toMatchObject({ token: 'A-004', state: 'waiting', ahead: 3, doctor: 'free' });

    const mine = (wanted: (state: Place) => boolean, what: string) =>
      patient.view('place', joined.entryId, place, wanted, what);
    let seen = start.state.current;
    for (const ahead of [2, 1, 0]) {
      const called = await doctor.call('queue.callNext', { sessionId, seen });
      seen = called.entryId;
      await mine((state) => state.ahead === ahead && state.doctor === 'calling', `${ahead} ahead`);
      await doctor.call('queue.start', { sessionId, entryId: seen });
      await doctor.call('queue.finish', { sessionId, entryId: seen });
    }
    const called = await doctor.call('queue.callNext', { sessionId, seen });
    expect(called.entryId).toBe(joined.entryId);
    await mine((state) => state.state === 'called', 'the call');
    await doctor.call('queue.recall', { sessionId, entryId: seen === null ? '' : called.entryId });
    await mine((state) => state.recalls === 1, 'the second call');
    await doctor.call('queue.start', { sessionId, entryId: called.entryId });
    await mine((state) => state.state === 'in-consultation', 'the consultation');
    await doctor.call('queue.finish', { sessionId, entryId: called.entryId });
    await mine((state) => state.state === 'done' && state.endedAt !== null, 'the end');

    const fresh = await doctor.subscribe('queue', sessionId);
    if (fresh.kind !== 'snapshot') throw new Error('expected a snapshot');
    await until('the desk’s own fold to reach the head', () =>
      doctor.batches.some((batch) => batch.channel === 'queue' && batch.to === fresh.seq),
    );
    expect(follow(doctor, start)).toEqual(queueState.parse(fresh.state));

    const { places } = await patient.call('queue.history', {});
    expect(places[0]).toMatchObject({
      entryId: joined.entryId,
      state: 'done',
      token: 'A-004',
      patientName: 'Asha Verma',
    });
    await until('the visit to be recorded', async () => {
      const visit = await hub.database.db.collection('encounters').findOne({ entryId: joined.entryId });
      return visit?.['status'] === 'completed';
    });
  });

  test('staff add a walk-in in one step; the directory knows the name, the stream does not', async () => {
    await staff.subscribe('directory', sessionId);
    const walkIn = {
      sessionId,
      name: 'Gita Rani',
      age: 41,
      gender: 'female' as const,
      reason: 'Dizzy',
      phone: '98450 99999',
    };
    const added = await staff.call('queue.addWalkIn', walkIn, 'walk-in-0001');
    const again = await staff.call('queue.addWalkIn', walkIn, 'walk-in-0001');
    expect(again).toEqual(added);
    expect(added.patientCode).toMatch(/^ND-/);
    const known = await staff.view(
      'directory',
      sessionId,
      directory,
      (state) => added.entryId in state.entries,
      'the name',
    );
    expect(known.entries[added.entryId]).toMatchObject({ name: 'Gita Rani', reason: 'Dizzy' });
    const stored = JSON.stringify(await hub.database.db.collection('events').find({}).toArray());
    expect(stored).not.toContain('Gita');
    expect(stored).not.toContain('Dizzy');
    expect(await hub.database.db.collection('patients').countDocuments({ name: 'Gita Rani' })).toBe(1);
  });

  test('a patient is in one place at a time; leaving frees it', async () => {
    const wish = { sessionId, patientId: asha(patient), mode: 'in-person' as const, reason: 'Again' };
    const { entryId } = await patient.call('queue.join', wish);
    await expect(patient.call('queue.join', wish)).rejects.toMatchObject({ code: 'ALREADY_IN_QUEUE' });
    const races = await Promise.allSettled(
      [1, 2, 3, 4].map(() => patient.call('queue.leave', { entryId }, 'leave-once-1')),
    );
    expect(races.every((one) => one.status === 'fulfilled')).toBe(true);
    const back = await Promise.allSettled([1, 2, 3].map(() => patient.call('queue.join', wish)));
    expect(back.filter((one) => one.status === 'fulfilled')).toHaveLength(1);
    const left = back.flatMap((one) => (one.status === 'fulfilled' ? one.value.entryId : []));
    await patient.call('queue.leave', { entryId: left[0] ?? '' });
  });

  test('what the state forbids is refused by name', async () => {
    const snapshot = await doctor.subscribe('queue', sessionId);
    const { current, entries } = queueState.parse(snapshot.kind === 'snapshot' ? snapshot.state : null);
    await expect(doctor.call('queue.callNext', { sessionId, seen: null })).rejects.toMatchObject({
      code: 'QUEUE_MOVED',
      details: { seq: snapshot.kind === 'snapshot' ? snapshot.seq : -1, state: { current } },
    });
    const { entryId } = await doctor.call('queue.callNext', { sessionId, seen: current });
    await expect(doctor.call('queue.callNext', { sessionId, seen: entryId })).rejects.toMatchObject({
      code: 'CALLED_WAITING',
    });
    await expect(doctor.call('queue.finish', { sessionId, entryId })).rejects.toMatchObject({ code: 'WRONG_STATE' });
    await doctor.call('queue.start', { sessionId, entryId });
    await expect(doctor.call('queue.callNext', { sessionId, seen: entryId })).rejects.toMatchObject({
      code: 'IN_CONSULTATION',
    });
    await doctor.call('queue.finish', { sessionId, entryId });
    const done = Object.values(entries).find((entry) => entry.state === 'done')?.id ?? '';
    await expect(doctor.call('queue.skip', { sessionId, entryId: done })).rejects.toMatchObject({
      code: 'WRONG_STATE',
    });
    const empty = await doctor.call('queue.callNext', { sessionId, seen: entryId }).catch(codeOf);
    expect(empty).toBe('QUEUE_EMPTY');
  });

  test('who may not, cannot: roles get FORBIDDEN, strangers NOT_FOUND', async () => {
    const [stranger, other] = await Promise.all([hub.as('patient2'), hub.as('doctor2')]);
    await expect(patient.call('queue.callNext', { sessionId, seen: null })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
    await expect(other.call('queue.callNext', { sessionId, seen: null })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const { places } = await patient.call('queue.history', {});
    const entryId = places[0]?.entryId ?? '';
    await expect(stranger.subscribe('place', entryId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(stranger.subscribe('queue', sessionId)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(other.subscribe('queue', sessionId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(stranger.call('queue.leave', { entryId })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(other.call('chat.send', { threadId: entryId, text: 'hi' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await expect(
      stranger.call('queue.join', { sessionId, patientId: asha(patient), mode: 'video', reason: 'not mine' }),
    ).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
