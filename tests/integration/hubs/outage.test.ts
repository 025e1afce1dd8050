import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { health, readiness } from '../../../shared/contract/routes.ts';
import { testDatabase, type TestDatabase } from '../../support/database.ts';
import { hubEnvironment, testHub, type TestHub } from '../../support/hub.ts';
import { startRedis, type RedisProcess } from '../../support/redisProcess.ts';
import type { TestClient } from '../../support/TestClient.ts';
import { until } from '../../support/until.ts';

const numbered = z.looseObject({ seq: z.int() });

let database: TestDatabase;
let redis: RedisProcess;
let env: Readonly<Record<string, string>>;
let a: TestHub;
let b: TestHub;
let staff: TestClient;
let doctor: TestClient;
let sessionId: string;

const busOf = async (hub: TestHub) => health.parse(await (await fetch(`${hub.url}/healthz`)).json()).redis;
const bus = (state: 'up' | 'down') =>
  until(`the bus to be ${state} on both hubs`, async () => (await busOf(a)) === state && (await busOf(b)) === state, {
    timeoutMs: 15_000,
  });
const arrive = async (): Promise<void> => {
  const person = { name: 'Somebody', age: 44, gender: 'other' as const, reason: 'Cough' };
  const { entryId } = await staff.call('queue.addWalkIn', { sessionId, ...person });
  await until('the other hub to tell', () =>
    doctor.batches.some((frame) => JSON.stringify(frame.events).includes(entryId)),
  );
};

beforeAll(async () => {
  database = await testDatabase();
  redis = await startRedis();
  ({ env } = hubEnvironment(database, { REDIS_URL: redis.url, NADI_TAIL_MS: '300', NADI_RATE_FACTOR: '1' }));
  a = await testHub({}, { database, env });
  b = await testHub({}, { database, env });
  await bus('up');
  [staff, doctor] = [await a.as('staff'), await b.as('doctor')];
  sessionId = (await doctor.call('queue.sessions', {})).sessions[0]?.id ?? '';
  await doctor.subscribe('queue', sessionId);
});
afterAll(async () => {
  await Promise.all([a.close(), b.close()]);
  await redis.stop();
  await database.drop();
});

/** Every event came once and in order. */
const whole = (): void => {
  const seqs = doctor.batches.flatMap((frame) => frame.events.map((event) => numbered.parse(event).seq));
  expect(seqs).toEqual(seqs.map((_one, i) => (seqs[0] ?? 0) + i));
};

describe('[I2] Redis goes away and comes back', () => {
  test('killed: commands go on, the tail carries them, readiness says degraded', async () => {
    await arrive();
    await redis.kill();
    await bus('down');
    await arrive();
    const answer = readiness.parse(await (await fetch(`${a.url}/readyz`)).json());
    expect(answer.checks).toMatchObject({ database: { ok: true }, bus: { ok: false } });
    whole();
  });

  test('a hub starts without it and joins in later', async () => {
    const late = await testHub({}, { database, env });
    try {
      expect(await busOf(late)).toBe('down');
      await redis.start();
      await bus('up');
      await until('the late hub to hear', async () => (await busOf(late)) === 'up');
      await arrive();
      whole();
    } finally {
      await late.close();
    }
  });

  test('frozen: no request hangs on it; thawed, it is used again', async () => {
    redis.freeze();
    // At once, while nobody has noticed yet.
    const [, early] = await Promise.all([arrive(), staff.call('account.me', {})]);
    expect(early.roles).toEqual(['staff']);
    await bus('down');
    await arrive();
    redis.thaw();
    await bus('up');
    await arrive();
    whole();
  });
});
