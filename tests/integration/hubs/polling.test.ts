import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { io, type Socket } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { contractVersion, reply } from '../../../shared/contract/wire.ts';
import { testDatabase, type TestDatabase } from '../../support/database.ts';
import { testHub, type TestHub } from '../../support/hub.ts';
import type { TestClient } from '../../support/TestClient.ts';
import { until } from '../../support/until.ts';

let database: TestDatabase;
let dir: string;
let without: TestHub;
let withPolling: TestHub;
beforeAll(async () => {
  database = await testDatabase();
  dir = await mkdtemp(join(tmpdir(), 'nadi-page-'));
  await writeFile(join(dir, 'index.html'), '<meta name="nadi-transports" content="websocket" />');
  without = await testHub({ NADI_CLIENT_DIR: dir }, { database });
  withPolling = await testHub({ NADI_LONG_POLLING: '1' }, { database, env: without.env });
});
afterAll(async () => {
  await Promise.all([without.close(), withPolling.close()]);
  await rm(dir, { recursive: true });
  await database.drop();
});

const poll = (hub: TestHub, { signedIn }: TestClient): Socket =>
  io(hub.url, {
    transports: ['polling'],
    auth: { token: signedIn.accessToken, contract: contractVersion },
    forceNew: true,
    reconnection: false,
  });

describe('[I2] long-polling', () => {
  test('is not offered unless it is asked for', async () => {
    const socket = poll(without, await without.as('doctor'));
    expect(await new Promise((resolve) => socket.once('connect_error', () => resolve('refused')))).toBe('refused');
    socket.disconnect();
    expect(await (await fetch(without.url)).text()).toContain('content="websocket"');
  });

  test('carries commands, batches and the page’s knowledge of it where it is', async () => {
    const doctor = await withPolling.as('doctor');
    const sessionId = (await doctor.call('queue.sessions', {})).sessions[0]?.id ?? '';
    const socket = poll(withPolling, doctor);
    const batches: unknown[] = [];
    socket.on('batch', (frame: unknown) => batches.push(frame));
    await new Promise((resolve) => socket.once('connect', () => resolve(true)));
    const answer = reply.parse(await socket.emitWithAck('subscribe', { channel: 'queue', key: sessionId }));
    expect(answer.ok).toBe(true);
    const person = { name: 'Somebody', age: 44, gender: 'other' as const, reason: 'Cough' };
    const { entryId } = await doctor.call('queue.addWalkIn', { sessionId, ...person });
    await until('the batch to come by polling', () => JSON.stringify(batches).includes(entryId));
    socket.disconnect();
    expect(await (await fetch(withPolling.url)).text()).toContain('content="websocket polling"');
  });
});
