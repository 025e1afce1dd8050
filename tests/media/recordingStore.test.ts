import { randomBytes, randomUUID } from 'node:crypto';
import { Binary } from 'mongodb';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { MasterKeys } from '../../server/keys/MasterKeys.ts';
import { PatientKeys } from '../../server/keys/PatientKeys.ts';
import { NodeSpool } from '../../server/recordings/NodeSpool.ts';
import { Recordings } from '../../server/recordings/Recordings.ts';
import { Spool } from '../../sfu/recording/Spool.ts';
import { testRepos } from '../support/repos.ts';
import { startStack, type Stack } from '../support/stack.ts';
import { TestClient } from '../support/TestClient.ts';
import { until } from '../support/until.ts';

const chunk = z.object({ data: z.instanceof(Binary) });

/** What a node has recorded, from its disk to the doctor's ear and nobody else's. */
describe('recordings in the store', () => {
  const sound = { doctor: randomBytes(300_000), patient: randomBytes(70_001) };
  let stack: Stack;
  let doctor: TestClient;
  let patient: TestClient;
  let staff: TestClient;
  let other: TestClient;
  let entryId: string;

  beforeAll(async () => {
    stack = await startStack({ client: false });
    const { url } = stack.hub;
    [doctor, patient, staff, other] = await Promise.all([
      TestClient.as(url, 'doctor'),
      TestClient.as(url, 'patient'),
      TestClient.as(url, 'staff'),
      TestClient.as(url, 'doctor2'),
    ]);
    const { sessions } = await doctor.call('queue.sessions', {});
    const joined = await patient.call('queue.join', {
      sessionId: sessions[0]?.id ?? '',
      patientId: patient.signedIn.account.patients[0]?.id ?? '',
      mode: 'video',
      reason: 'Cough',
    });
    entryId = joined.entryId;
  });
  afterAll(async () => {
    for (const client of [doctor, patient, staff, other]) client.close();
    await stack.close();
  });

  const fetchTrack = (who: TestClient, id: string, range?: string): Promise<Response> =>
    fetch(`${stack.hub.url}/api/v1/recordings/${id}`, {
      headers: { authorization: `Bearer ${who.signedIn.accessToken}`, ...(range === undefined ? {} : { range }) },
    });

  test('a consent is stored in its words, signed for one seat in one room, and taken back', async () => {
    const given = await patient.call('consent.give', { entryId, version: '2026-11', language: 'hi' });
    expect(given.consent).toMatchObject({ version: '2026-11', language: 'hi', withdrawnAt: null });
    expect((await patient.call('consent.mine', { entryId })).consent).toEqual(given.consent);
    expect((await doctor.call('consent.mine', { entryId })).consent).toBeNull();
    expect(await patient.call('consent.withdraw', { entryId })).toEqual({ withdrawn: true });
    expect((await patient.call('consent.mine', { entryId })).consent?.withdrawnAt).toEqual(expect.any(Number));
    for (const who of [staff, other]) {
      await expect(who.call('consent.mine', { entryId })).rejects.toMatchObject({
        code: who === staff ? 'FORBIDDEN' : 'NOT_FOUND',
      });
    }
  });

  test('is fetched whole, sealed, played in ranges by the doctor alone, and removed from the node only then', async () => {
    const recording = randomUUID();
    const tracks = { doctor: randomUUID(), patient: randomUUID() };
    for (const side of ['doctor', 'patient'] as const) {
      const entry = { id: tracks[side], recording, room: entryId, epoch: 1, peer: `${side}-x`, startedAt: Date.now() };
      await put(stack.spoolDir, entry, sound[side]);
    }
    await stack.restartSfu();
    const { recordings } = await doctor.call('recordings.list', { entryId });
    expect(recordings).toMatchObject([{ id: recording, tracks: [{ bytes: expect.any(Number) }, {}] }]);
    expect(new Set(recordings[0]?.tracks.map((track) => track.side))).toEqual(new Set(['doctor', 'patient']));

    for (const side of ['doctor', 'patient'] as const) {
      const whole = await fetchTrack(doctor, tracks[side]);
      expect([whole.status, whole.headers.get('content-type')]).toEqual([200, 'audio/ogg']);
      expect(Buffer.from(await whole.arrayBuffer()).equals(sound[side])).toBe(true);
    }
    const part = await fetchTrack(doctor, tracks.doctor, 'bytes=65530-140000');
    expect([part.status, part.headers.get('content-range')]).toEqual([206, 'bytes 65530-140000/300000']);
    expect(Buffer.from(await part.arrayBuffer()).equals(sound.doctor.subarray(65_530, 140_001))).toBe(true);
    expect((await fetchTrack(doctor, tracks.doctor, 'bytes=300000-')).status).toBe(416);
    expect((await fetchTrack(other, tracks.doctor)).status).toBe(404);
    for (const who of [patient, staff]) expect((await fetchTrack(who, tracks.doctor)).status).toBe(403);
    expect((await fetch(`${stack.hub.url}/api/v1/recordings/${tracks.doctor}`)).status).toBe(401);

    // Nothing of it is readable in the database, and the node has let go of it.
    const chunks = await stack.hub.database.db.collection('recordings.chunks').find().toArray();
    const stored = Buffer.concat(chunks.map((one) => Buffer.from(chunk.parse(one).data.buffer)));
    expect(stored.includes(sound.patient.subarray(100, 132))).toBe(false);
    const left = await Spool.open(stack.spoolDir, 'any secret', pino({ level: 'silent' }));
    expect(left.list()).toEqual([]);
    // Fetching again is harmless.
    expect((await doctor.call('recordings.list', { entryId })).recordings).toEqual(recordings);
  });

  test('goes when its time is over', async () => {
    const { db } = stack.hub.database;
    const repos = testRepos(db, stack.hub.env['NADI_KEY'] ?? '');
    await repos.recordings.updateMany({ entryId }, { $set: { expiresAt: Date.now() - 1 } });
    const keys = new PatientKeys(db, new MasterKeys([stack.hub.env['NADI_KEY'] ?? '']), Date.now);
    const idle = { nodes: { live: () => [] }, spoolOf: () => new NodeSpool('http://127.0.0.1:9', 'none') };
    const log = pino({ level: 'silent' });
    expect(await new Recordings({ db, repos, keys, ...idle, log, now: Date.now, retentionMs: 1 }).purge()).toBe(2);
    await until('both are gone', async () => (await db.collection('recordings.chunks').countDocuments()) === 0);
    expect((await doctor.call('recordings.list', { entryId })).recordings).toEqual([]);
  });

  async function put(folder: string, entry: Parameters<Spool['begin']>[0], content: Buffer): Promise<void> {
    const spool = await Spool.open(folder, stack.hub.env['NADI_SFU_SECRET'] ?? '', pino({ level: 'silent' }));
    const writer = await spool.begin(entry);
    for (let at = 0; at < content.length; at += 4_000) {
      writer.append(content.subarray(at, at + 4_000), (error) => {
        throw error;
      });
    }
    await writer.close();
    await spool.finish(entry.id, { bytes: writer.bytes, lengthMs: 5_000, packets: 1, interrupted: false });
  }
});
