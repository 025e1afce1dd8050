import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { careTeam } from '../../../shared/contract/presence.ts';
import { testRepos } from '../../support/repos.ts';
import { testDatabase, type TestDatabase } from '../../support/database.ts';
import { hubEnvironment, testHub, type TestHub } from '../../support/hub.ts';
import { bundleHub, startHubProcess, type HubProcess } from '../../support/hubProcess.ts';
import { PresenceMirror } from '../../support/presenceMirror.ts';
import { createRelay } from '../../support/relay.ts';
import { TestClient } from '../../support/TestClient.ts';

/** No Redis here: the database alone carries presence from hub to hub. With it the same comes sooner, never different. */
let database: TestDatabase;
let a: TestHub;
let b: HubProcess;
let bundle: string;
let env: Readonly<Record<string, string>>;
let staff: TestClient;
let clinicId: string;

beforeAll(async () => {
  database = await testDatabase();
  ({ env } = hubEnvironment(database, { NADI_HEARTBEAT_MS: '250', NADI_PING_MS: '400' }));
  bundle = await bundleHub();
  a = await testHub({}, { database, env });
  b = await startHubProcess(env, bundle);
  staff = await a.as('staff');
  clinicId = staff.signedIn.account.clinics[0]?.id ?? '';
});
afterAll(async () => {
  await Promise.all([a.close(), b.close()]);
  await database.drop();
});

const away = (client: TestClient, is: boolean) => client.socket.emitWithAck('activity', { away: is });
const deskOf = async (client: TestClient) => (await client.call('queue.sessions', {})).sessions[0]?.id ?? '';

describe('[E2] presence over two hubs', () => {
  test('several tabs and devices on both hubs: the best of them counts, the last one ends it', async () => {
    const seen = await PresenceMirror.of(staff, 'presence', clinicId);
    expect(seen.state).toMatchObject({ [staff.signedIn.account.id]: 'online' });
    const [tabA, tabB] = [await a.as('doctor'), await TestClient.as(b.url, 'doctor')];
    const doctorId = tabA.signedIn.account.id;
    const sessionId = await deskOf(tabA);
    await seen.shows(doctorId, 'online');
    await seen.shows(sessionId, 'online');
    await away(tabA, true);
    tabA.close();
    await away(tabB, true);
    await seen.shows(doctorId, 'away');
    const tabC = await TestClient.as(b.url, 'doctor');
    await seen.shows(doctorId, 'online');
    tabC.close();
    await seen.shows(doctorId, 'away');
    tabB.close();
    await seen.shows(doctorId, undefined);
    expect(seen.state[sessionId]).toBeUndefined();
  });

  test('in consultation on both sides, and what a patient may know of those they wait for', async () => {
    const [doctor, asha, ravi] = [
      await TestClient.as(b.url, 'doctor'),
      await a.as('patient'),
      await TestClient.as(b.url, 'patient2'),
    ];
    const sessionId = await deskOf(doctor);
    const join = async (client: TestClient) => {
      const patientId = client.signedIn.account.patients[0]?.id ?? '';
      const wish = { sessionId, patientId, mode: 'video' as const, reason: 'Cough' };
      return { patientId, entryId: (await client.call('queue.join', wish)).entryId };
    };
    const [mine, theirs] = [await join(asha), await join(ravi)];
    const clinic = await PresenceMirror.of(staff, 'presence', clinicId);
    const queue = await PresenceMirror.of(staff, 'queuePresence', sessionId);
    await queue.shows(mine.patientId, 'online');
    await queue.shows(theirs.patientId, 'online');
    expect(Object.keys(queue.state).sort()).toEqual([mine.patientId, theirs.patientId].sort());

    await staff.call('queue.prioritise', { sessionId, entryId: mine.entryId, priority: 'emergency' });
    expect(await ravi.subscribe('careTeam', theirs.entryId)).toMatchObject({ state: { reception: true } });
    await doctor.call('queue.callNext', { sessionId, seen: null });
    await doctor.call('queue.start', { sessionId, entryId: mine.entryId });
    await clinic.shows(doctor.signedIn.account.id, 'in-consultation');
    await clinic.shows(sessionId, 'in-consultation');
    await queue.shows(mine.patientId, 'in-consultation');
    const busy = (team: { doctor: string }) => team.doctor === 'in-consultation';
    await ravi.view('careTeam', theirs.entryId, careTeam, busy, 'the other patient to see that the doctor is busy');
    expect(queue.state[theirs.patientId]).toBe('online');
    await doctor.call('queue.finish', { sessionId, entryId: mine.entryId });
    await clinic.shows(sessionId, 'online');
    await doctor.call('queue.pause', { sessionId, reason: 'break', until: null });
    await clinic.shows(sessionId, 'on-a-break');
    const resting = (team: { doctor: string }) => team.doctor === 'on-a-break';
    await ravi.view('careTeam', theirs.entryId, careTeam, resting, 'the other patient to see that the doctor rests');
    await doctor.call('queue.unpause', { sessionId });
    await clinic.shows(sessionId, 'online');
    // Nobody in the queue any more: presence of patients ends with their place.
    await queue.shows(mine.patientId, undefined);
    for (const client of [doctor, asha, ravi]) client.close();
  });

  test('only for those it is meant for, and until it is not any more', async () => {
    const [patient, doctor2, admin] = [await a.as('patient'), await a.as('doctor2'), await a.as('admin')];
    expect(await patient.subscribeReply('presence', clinicId)).toMatchObject({ error: { code: 'FORBIDDEN' } });
    const foreign = await deskOf(staff);
    const own = await deskOf(doctor2);
    const other = foreign === own ? ((await staff.call('queue.sessions', {})).sessions[1]?.id ?? '') : foreign;
    expect(await doctor2.subscribeReply('queuePresence', other)).toMatchObject({ error: { code: 'NOT_FOUND' } });
    expect(await doctor2.subscribeReply('queuePresence', own)).toMatchObject({ ok: true });
    expect(await doctor2.subscribeReply('presence', own)).toMatchObject({ error: { code: 'NOT_FOUND' } });
    expect(await doctor2.subscribeReply('careTeam', own)).toMatchObject({ error: { code: 'FORBIDDEN' } });
    const { accounts } = testRepos(database.db);
    const adminsView = await PresenceMirror.of(admin, 'presence', clinicId);
    await accounts.update({ email: 'admin@demo.nadi' }, { $set: { clinicIds: [], accessChangedAt: Date.now() } });
    const told = new Promise((resolve) => admin.socket.once('closed', resolve));
    expect(await told).toEqual({ channel: 'presence', key: clinicId });
    const { length } = adminsView.frames;
    const witness = await PresenceMirror.of(staff, 'presence', clinicId);
    doctor2.close();
    await witness.shows(doctor2.signedIn.account.id, undefined);
    expect(adminsView.frames).toHaveLength(length);
  });

  test('differences only, and few: a nervous device does not make a frame per twitch', async () => {
    const doctor = await a.as('doctor');
    const seen = await PresenceMirror.of(staff, 'presence', clinicId);
    const { id } = doctor.signedIn.account;
    await seen.shows(id, 'online');
    const before = seen.frames.length;
    for (let i = 0; i < 41; i++) await away(doctor, i % 2 === 0);
    await seen.shows(id, 'away');
    const frames = seen.frames.slice(before);
    expect(frames.length).toBeLessThan(8);
    // Who did not change is in none of them.
    for (const frame of frames)
      expect([...Object.keys(frame.set), ...frame.gone]).not.toContain(staff.signedIn.account.id);
    doctor.close();
    await seen.shows(id, undefined);
  });

  test('a half-open line: nobody hung up, and yet they are gone within the heartbeat', async () => {
    const relay = await createRelay(b.url);
    try {
      const doctor = await TestClient.as(relay.url, 'doctor');
      const seen = await PresenceMirror.of(staff, 'presence', clinicId);
      await seen.shows(doctor.signedIn.account.id, 'online');
      relay.freeze();
      await seen.shows(doctor.signedIn.account.id, undefined);
      expect(doctor.socket.connected || doctor.socket.disconnected).toBe(true);
    } finally {
      await relay.close();
    }
  });

  test('kill -9 of a hub takes who was connected to it, and leaves the others', async () => {
    const [doctor, doctor2] = [await TestClient.as(b.url, 'doctor'), await a.as('doctor2')];
    const both = await TestClient.as(b.url, 'doctor2');
    const seen = await PresenceMirror.of(staff, 'presence', clinicId);
    await seen.shows(doctor.signedIn.account.id, 'online');
    await seen.shows(doctor2.signedIn.account.id, 'online');
    await b.kill();
    await seen.shows(doctor.signedIn.account.id, undefined);
    expect(seen.state[doctor2.signedIn.account.id]).toBe('online');
    // Another one comes up: it knows at once who is at the first, and nothing of the dead one.
    b = await startHubProcess(env, bundle);
    const late = await TestClient.as(b.url, 'staff');
    const fresh = await PresenceMirror.of(late, 'presence', clinicId);
    await fresh.shows(doctor2.signedIn.account.id, 'online');
    await fresh.shows(doctor.signedIn.account.id, undefined);
    late.close();
    both.close();
  });
});
