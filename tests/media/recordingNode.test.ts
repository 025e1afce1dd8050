import { spawn, type ChildProcess } from 'node:child_process';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sfuNodeInfo } from '../../shared/contract/sfu.ts';
import { spooledRecordings, type SpooledRecording } from '../../shared/contract/sfuRecording.ts';
import { freePort } from '../support/ports.ts';
import { until } from '../support/until.ts';
import { person, serveCallPage } from './support/callBrowser.ts';
import { opusParameters } from './support/fakeParameters.ts';
import { mediaWorker, signConsent, signGrant, startMediaNode, type MediaNode } from './support/mediaNode.ts';
import { codeOf, SignalClient } from './support/SignalClient.ts';
import { correlate, decode, Voice, voiceRate } from './support/voice.ts';

/** No hub anywhere: the node alone, asked over its sockets. */
describe('[D6] consent at the node', () => {
  let node: MediaNode;
  beforeAll(async () => {
    node = await startMediaNode();
  });
  afterAll(() => node.node.close());

  const room = randomUUID();
  const seat = async (peer: string, role: 'doctor' | 'patient' | 'guest'): Promise<SignalClient> => {
    const may = { publish: true, subscribe: true, record: role === 'doctor' };
    const { client } = await SignalClient.join(node.url, { grant: await node.grant({ room, peer, role, may }) });
    const produced = { kind: 'audio', source: 'microphone', rtpParameters: opusParameters(), paused: false } as const;
    await client.request('renewTransports', {});
    await client.request('produce', produced);
    return client;
  };
  const stateOf = async (client: SignalClient): Promise<string> =>
    (await client.request('snapshot', {})).recording.state;
  const untilState = (client: SignalClient, state: string): Promise<unknown> =>
    until(`the recorder is ${state}`, async () => (await stateOf(client)) === state);
  const spooled = async (): Promise<SpooledRecording[]> =>
    spooledRecordings.parse((await node.control('/control/recordings')).body).recordings;
  const consent = async (client: SignalClient, peer: string, of = room, givenAt?: number): Promise<string> =>
    await codeOf(node.consent(of, peer, givenAt).then((token) => client.request('consent', { token })));

  test('a guest who has not consented is never recorded, and stops it for all; a withdrawal needs no hub', async () => {
    const [doctor, patient] = [await seat('doctor-1', 'doctor'), await seat('patient-1', 'patient')];
    expect(await codeOf(patient.request('startRecording', {}))).toBe('FORBIDDEN');
    await doctor.request('startRecording', {});
    await doctor.untilChange('recording');
    expect(await consent(doctor, 'doctor-1')).toBe('OK');
    expect([await stateOf(patient), await spooled()]).toEqual(['waiting', []]);
    expect(await consent(patient, 'patient-1')).toBe('OK');
    await untilState(patient, 'on');
    await until('both have a file', async () => (await spooled()).length === 2);

    // Nobody else's consent will do, nor one for another room.
    const guest = await seat('guest-1', 'guest');
    await untilState(doctor, 'waiting');
    for (const [peer, of] of [
      ['patient-1', room],
      ['guest-1', randomUUID()],
    ] as const) {
      expect(await consent(guest, peer, of)).toBe('GRANT_INVALID');
    }
    expect(await codeOf(guest.request('consent', { token: 'none' }))).toBe('GRANT_INVALID');
    expect([await stateOf(guest), (await spooled()).map(({ peer }) => peer).sort()]).toEqual([
      'waiting',
      ['doctor-1', 'patient-1'],
    ]);
    expect(await consent(guest, 'guest-1')).toBe('OK');
    await untilState(guest, 'on');
    await until('the guest has a file', async () => (await spooled()).some(({ peer }) => peer === 'guest-1'));

    const withdrawnAt = Date.now();
    await guest.request('withdrawConsent', {});
    // By the time of the answer nothing is heard any more, and everybody is told.
    expect(await stateOf(patient)).toBe('off');
    const after = await spooled();
    expect(after.map(({ complete }) => complete)).toEqual([true, true, true]);
    for (const { startedAt, lengthMs } of after) expect(startedAt + lengthMs).toBeLessThan(withdrawnAt + 1_000);
    // The same consent shown again is one that was taken back.
    expect(await consent(guest, 'guest-1', room, withdrawnAt - 1)).toBe('GRANT_INVALID');
    await doctor.request('startRecording', {});
    expect([await stateOf(doctor), (await spooled()).length]).toEqual(['waiting', 3]);
    // The end of the consultation ends it too, and whoever asks at once finds every file finished.
    expect(await consent(guest, 'guest-1')).toBe('OK');
    await untilState(doctor, 'on');
    await node.control(`/control/rooms/${room}/close`, { reason: 'ended' });
    expect((await spooled()).map(({ complete, interrupted }) => complete && !interrupted)).toEqual(Array(6).fill(true));
    for (const client of [doctor, patient, guest]) client.close();
  });
});

describe('[D6] a media node that is killed', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const secret = randomUUID();
  const room = randomUUID();
  const started: AsyncDisposable[] = [];
  const running: ChildProcess[] = [];
  let env: Record<string, string>;
  let port: number;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nadi-spool-'));
    port = await freePort();
    env = {
      PATH: process.env['PATH'] ?? '',
      SFU_PORT: String(port),
      SFU_RTC_PORT: '0',
      SFU_WORKERS: '1',
      SFU_SPOOL_DIR: folder,
      MEDIASOUP_WORKER_BIN: await mediaWorker(),
      NADI_GRANT_PUBLIC_KEY: publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
      NADI_SFU_SECRET: secret,
      LOG_LEVEL: 'warn',
    };
  });
  afterAll(async () => {
    for (const part of started.reverse()) await part[Symbol.asyncDispose]();
    for (const child of running) child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });

  const ask = async (path: string): Promise<Response> =>
    await fetch(`http://127.0.0.1:${port}${path}`, { headers: { authorization: `Bearer ${secret}` } });
  /** Starts the process; its boot id. */
  async function start(): Promise<{ child: ChildProcess; bootId: string }> {
    const child = spawn(process.execPath, ['--import', 'tsx', 'sfu/main.ts'], { env, stdio: 'ignore' });
    running.push(child);
    const info = await until(
      'the node answers',
      async () => sfuNodeInfo.parse(await (await ask('/control/node')).json()),
      {
        timeoutMs: 30_000,
      },
    );
    return { child, bootId: info.bootId };
  }

  test('loses less than a second of what was said', async () => {
    const { child, bootId } = await start();
    const site = await serveCallPage();
    started.push(site);
    const speaker = await person(site.url, 440, { u: 100, v: 190 });
    started.push(speaker);
    const voice = new Voice(3, Date.now());
    const { page } = await speaker.open({ prepare: (opened) => voice.speakIn(opened) });
    const url = `http://127.0.0.1:${port}`;
    const may = { publish: true, subscribe: true, record: true };
    const grant = await signGrant(privateKey, bootId, Date.now, { room, may });
    await page.evaluate(([to, shown]) => window.call.join(to, shown, { camera: false }), [url, grant] as const);
    const token = await signConsent(privateKey, room, 'doctor-1', Date.now());
    await page.evaluate(async (shown) => {
      await window.call.room.consent(shown);
      await window.call.room.startRecording();
    }, token);
    const begun = await until('a file has begun', async () => (await list())[0]);
    await until('five seconds were said', () => Date.now() - begun.startedAt > 5_000);
    const killedAt = Date.now();
    child.kill('SIGKILL');
    await once(child, 'exit');

    await start();
    const [card] = await list();
    expect(card).toMatchObject({ id: begun.id, complete: true, interrupted: true });
    const lengthMs = card?.lengthMs ?? 0;
    expect(killedAt - begun.startedAt - lengthMs).toBeLessThan(1_000);
    // And it is sound to its end, not silence that was filled in.
    const content = await (await ask(`/control/recordings/${begun.id}`)).arrayBuffer();
    const file = await decode(page, Buffer.from(content));
    const tail = Math.round(lengthMs - 600);
    const match = correlate(
      voice.said(begun.startedAt + tail, 0.5 * voiceRate),
      file,
      (tail / 1000) * voiceRate,
      0.06 * voiceRate,
    );
    expect(match.peak).toBeGreaterThanOrEqual(0.8);
  });

  const list = async (): Promise<SpooledRecording[]> =>
    spooledRecordings.parse(await (await ask('/control/recordings')).json()).recordings;
});
