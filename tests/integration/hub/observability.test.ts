import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { operations, pathOf } from '../../../shared/contract/index.ts';
import { health, readiness } from '../../../shared/contract/routes.ts';
import { testDatabase, type TestDatabase } from '../../support/database.ts';
import { hubEnvironment } from '../../support/hub.ts';
import { startHubProcess, type HubProcess } from '../../support/hubProcess.ts';
import { startStack, type Stack } from '../../support/stack.ts';
import { TestClient } from '../../support/TestClient.ts';
import { until } from '../../support/until.ts';

describe('[I2] what operators see', () => {
  let database: TestDatabase;
  let hub: HubProcess;
  beforeAll(async () => {
    database = await testDatabase();
    hub = await startHubProcess(hubEnvironment(database).env);
  });
  afterAll(async () => {
    await hub.close();
    await database.drop();
  });

  test('without a media node it is alive but not ready, and says why', async () => {
    const alive = await fetch(`${hub.url}/healthz`);
    expect(alive.status).toBe(200);
    expect(health.parse(await alive.json())).toMatchObject({
      status: 'ok',
      engine: 'test',
      redis: 'off',
      sfu: { nodes: 0 },
    });
    const ready = await fetch(`${hub.url}/readyz`);
    expect(ready.status).toBe(503);
    const { checks } = readiness.parse(await ready.json());
    expect(checks).toMatchObject({ database: { ok: true }, sfu: { ok: false } });
  });

  test('metrics count operations by name and code, sockets and events', async () => {
    const staff = await TestClient.as(hub.url, 'staff');
    await staff.op('queue.callNext', { sessionId: 'nonsense' });
    const metrics = await (await fetch(`${hub.url}/metrics`)).text();
    expect(metrics).toMatch(
      /nadi_operations_total\{operation="queue\.callNext",transport="socket",code="INVALID_INPUT"\} 1/,
    );
    expect(metrics).toMatch(/nadi_sockets 1/);
    expect(metrics).toMatch(/nadi_stream_events_total\{stream="queue"\} [1-9]/);
    staff.close();
  });

  test('the OpenAPI document lists every operation that HTTP offers', async () => {
    const document = z
      .object({ openapi: z.string(), paths: z.record(z.string(), z.unknown()) })
      .parse(await (await fetch(`${hub.url}/api/openapi.json`)).json());
    expect(document.openapi).toMatch(/^3\.1/);
    for (const name of Object.keys(operations)) expect(Object.keys(document.paths)).toContain(pathOf(name));
  });

  test('logs are JSON lines without people in them', async () => {
    const patient = await TestClient.as(hub.url, 'patient');
    const { sessions } = await patient.call('queue.sessions', {});
    const patientId = patient.signedIn.account.patients[0]?.id ?? '';
    const wish = { sessionId: sessions[0]?.id ?? '', patientId, mode: 'video' as const, reason: 'Secret complaint' };
    await patient.call('queue.join', wish);
    await TestClient.login(hub.url, 'patient@demo.nadi', 'wrong').catch(() => undefined);
    patient.close();
    const lines = hub.log();
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines)
      expect(() => z.looseObject({ level: z.int(), msg: z.string() }).parse(JSON.parse(line))).not.toThrow();
    const all = lines.join('\n');
    for (const word of ['Asha', 'demo.nadi', 'Secret complaint', 'nadi-demo', patientId])
      expect(all).not.toContain(word);
  });
});

describe('[I2] with a media node', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ client: false });
  });
  afterAll(() => stack.close());

  test('ready, with engine and workers', async () => {
    await until('the hub to be ready', async () => (await fetch(`${stack.url}/readyz`)).status === 200);
    const seen = health.parse(await (await fetch(`${stack.url}/healthz`)).json());
    expect(seen.sfu).toEqual({ nodes: 1, workers: 1 });
  });
});
