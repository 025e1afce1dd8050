import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createClient } from 'redis';
import { z } from 'zod';
import { testRepos } from '../../support/repos.ts';
import { readiness } from '../../../shared/contract/routes.ts';
import { testDatabase, type TestDatabase } from '../../support/database.ts';
import { hubEnvironment, testHub, type TestHub } from '../../support/hub.ts';
import { PresenceMirror } from '../../support/presenceMirror.ts';
import { startRedis, type RedisProcess } from '../../support/redisProcess.ts';
import type { TestClient } from '../../support/TestClient.ts';
import { until } from '../../support/until.ts';

/** The tail and the heartbeat are a minute apart: what reaches the other hub within a test's patience, the bus has brought. */
const longTail = { NADI_TAIL_MS: '60000', NADI_HEARTBEAT_MS: '60000' };

const packet = z.strictObject({ h: z.uuid(), m: z.array(z.tuple([z.string(), z.record(z.string(), z.unknown())])) });

let database: TestDatabase;
let redis: RedisProcess;
let a: TestHub;
let b: TestHub;
const monitored: string[] = [];
let monitor: ReturnType<typeof createClient>;

const busOf = async (hub: TestHub): Promise<boolean> =>
  readiness.parse(await (await fetch(`${hub.url}/readyz`)).json()).checks.bus.ok;
const bothUp = () => until('both hubs to hear each other', async () => (await busOf(a)) && (await busOf(b)));
const walkIn = async (staff: TestClient, sessionId: string) =>
  await staff.call('queue.addWalkIn', {
    sessionId,
    name: 'Secret Person',
    phone: '+91 98450 77777',
    age: 44,
    gender: 'female',
    reason: 'Secret complaint',
  });
const sessionOf = async (client: TestClient): Promise<string> =>
  (await client.call('queue.sessions', {})).sessions[0]?.id ?? '';

beforeAll(async () => {
  database = await testDatabase();
  redis = await startRedis();
  monitor = createClient({ url: redis.url, socket: { reconnectStrategy: 100 } });
  monitor.on('error', () => undefined);
  await monitor.connect();
  await monitor.monitor((line) => monitored.push(String(line)));
  const { env } = hubEnvironment(database, { ...longTail, REDIS_URL: redis.url });
  a = await testHub({}, { database, env });
  b = await testHub({}, { database, env });
  await bothUp();
});
afterAll(async () => {
  await Promise.all([a.close(), b.close()]);
  monitor.destroy();
  await redis.stop();
  await database.drop();
});

describe('[I2] two hubs and a Redis', () => {
  test('what is committed on one reaches sockets of the other at once: queue, place, a list of places, a new desk', async () => {
    const [staff, doctor, asha] = [await a.as('staff'), await b.as('doctor'), await b.as('patient')];
    const sessionId = await sessionOf(doctor);
    await doctor.subscribe('queue', sessionId);
    await asha.subscribe('myPlaces', asha.signedIn.account.id);
    const clinicId = staff.signedIn.account.clinics[0]?.id ?? '';
    await asha.subscribe('lobby', clinicId);
    const { entryId } = await walkIn(staff, sessionId);
    await until('the doctor on the other hub to see the walk-in', () =>
      doctor.batches.some((frame) => JSON.stringify(frame.events).includes(entryId)),
    );
    // A queue that nobody on hub B holds, and a list there that depends on it.
    const ashaOnA = await a.as('patient');
    const other = (await ashaOnA.call('queue.sessions', {})).sessions[1]?.id ?? '';
    const patientId = ashaOnA.signedIn.account.patients[0]?.id ?? '';
    const joined = await ashaOnA.call('queue.join', {
      sessionId: other,
      patientId,
      mode: 'video',
      reason: 'Secret fever',
    });
    await until('the place to be listed', () =>
      asha.views.some((frame) => frame.channel === 'myPlaces' && JSON.stringify(frame.state).includes(joined.entryId)),
    );
    const doctorOnA = await a.as('doctor2');
    await doctorOnA.call('queue.closeDesk', { sessionId: await sessionOf(doctorOnA), rest: 'cancel' });
    const opened = await until('the old desk to be closed and a new one to open', () =>
      doctorOnA.call('queue.openSession', { clinicId, label: 'Evening' }).catch(() => null),
    );
    await until('the new desk to be in the lobby', () =>
      asha.views.some((frame) => frame.channel === 'lobby' && JSON.stringify(frame.state).includes(opened.sessionId)),
    );
  });

  test('who comes to one hub is there on the other', async () => {
    const staff = await a.as('staff');
    const seen = await PresenceMirror.of(staff, 'presence', staff.signedIn.account.clinics[0]?.id ?? '');
    const admin = await b.as('admin');
    await seen.shows(admin.signedIn.account.id, 'online');
    await admin.socket.emitWithAck('activity', { away: true });
    await seen.shows(admin.signedIn.account.id, 'away');
  });

  test('who signs out on one hub is cut off the other', async () => {
    const client = await b.as('admin');
    const gone = new Promise<string>((resolve) => client.socket.once('disconnect', resolve));
    const answer = await fetch(`${a.url}/api/v1/auth/logout`, {
      method: 'POST',
      headers: { authorization: `Bearer ${client.signedIn.accessToken}`, 'content-type': 'application/json' },
      body: '{}',
    });
    expect(answer.status).toBe(200);
    expect(await gone).toBe('io server disconnect');
  });

  test('nothing about a person passes through Redis, neither in messages nor in keys', async () => {
    const said = monitored.join('\n');
    expect(said).toMatch(/"PUBLISH" "nadi:bus"/i);
    expect(said).toContain('appended');
    expect(said).toMatch(/nadi:limit:address:/);
    for (const word of ['Secret', '98450', 'Asha', 'Verma', 'demo.nadi', '127.0.0.1', 'fever', 'female', 'video'])
      expect(said.replace(/^[\d.]+ \[0 [^\]]*\]/gm, '')).not.toContain(word);
    // Of every message, only what is listed: topic, ids, numbers.
    const packets = monitored.flatMap((line) => {
      const body = /"publish" "nadi:bus" "(.*)"$/i.exec(line)?.[1];
      return body === undefined ? [] : [packet.parse(JSON.parse(body.replaceAll('\\"', '"')))];
    });
    const fields = new Set(packets.flatMap(({ m }) => m.flatMap(([, message]) => Object.keys(message))));
    expect([...fields].sort()).toEqual(['clinicId', 'epoch', 'hub', 'seq', 'sid', 'stream', 'version']);
  });

  test('what makes no sense on the bus is ignored, and what does is heard: somebody’s access changed', async () => {
    const doctor = await b.as('doctor2');
    const { id } = doctor.signedIn.account;
    const sessionId = await sessionOf(doctor);
    await doctor.subscribe('directory', sessionId);
    const { accounts } = testRepos(database.db);
    await accounts.update({ _id: id }, { $set: { roles: ['patient'], accessChangedAt: Date.now() } });
    const speaker = createClient({ url: redis.url });
    await speaker.connect();
    const say = (m: unknown) => speaker.publish('nadi:bus', JSON.stringify({ h: 'another', m }));
    await speaker.publish('nadi:bus', 'not even JSON');
    await speaker.publish('nadi:bus', '{"h":1}');
    await say([['appended', { stream: 7 }]]);
    await say([['presence', null]]);
    await say([['of a later version', { x: 1 }]]);
    await say([['access', { accountId: id }]]);
    speaker.destroy();
    await until('the subscription to be closed', () => doctor.closed.length > 0);
    expect(doctor.closed).toEqual([{ channel: 'directory', key: sessionId }]);
    await accounts.update({ _id: id }, { $set: { roles: ['doctor'], accessChangedAt: Date.now() } });
    expect(await busOf(b)).toBe(true);
  });

  test('metrics tell whether the bus passes messages', async () => {
    const metrics = await (await fetch(`${b.url}/metrics`)).text();
    expect(metrics).toMatch(/nadi_bus_up 1/);
    expect(metrics).toMatch(/nadi_bus_messages_total\{outcome="heard"\} [1-9]/);
  });
});
