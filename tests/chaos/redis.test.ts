import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { health } from '../../shared/contract/routes.ts';
import { Random } from '../support/chaos/random.ts';
import { Recorder } from '../support/chaos/Recorder.ts';
import { TwoHubs } from '../support/chaos/TwoHubs.ts';
import { startRedis, type RedisProcess } from '../support/redisProcess.ts';
import { until } from '../support/until.ts';

/** `NADI_CHAOS_SEED` repeats the choices of a run. */
const seed = Number(process.env['NADI_CHAOS_SEED'] ?? randomInt(1_000_000));
process.stdout.write(`    chaos of hubs: seed ${seed}\n`);

let redis: RedisProcess;
let clinic: TwoHubs;
beforeAll(async () => {
  redis = await startRedis();
  const settings = { REDIS_URL: redis.url, NADI_TAIL_MS: '500', NADI_HEARTBEAT_MS: '500', NADI_PING_MS: '1000' };
  clinic = await TwoHubs.open(settings, new Recorder(`redis${seed}`), new Random(seed));
});
afterAll(async () => {
  await clinic.close();
  await redis.stop();
});

const bus = (state: 'up' | 'down') =>
  until(
    `the bus to be ${state} at both hubs`,
    async () => {
      const states = await Promise.all(
        clinic.hubs.map(async (hub) => health.parse(await (await fetch(`${hub.url}/healthz`)).json()).redis),
      );
      return states.every((one) => one === state);
    },
    { timeoutMs: 20_000 },
  );

describe('[I2] a clinic at work on two hubs', () => {
  test('goes on while Redis is killed, frozen and comes back, and while a hub is killed in the middle of it', async () => {
    await bus('up');
    const [first, second] = clinic.hubs;
    clinic.begin();
    await clinic.busy(20);
    await redis.kill();
    await clinic.busy(20);
    await bus('down');
    await clinic.busy(20);
    await redis.start();
    await bus('up');
    await clinic.busy(20);
    redis.freeze();
    await clinic.busy(20);
    await bus('down');
    // The worst moment: no bus, and one hub gone without a word.
    await first.kill();
    await clinic.busy(20);
    redis.thaw();
    await clinic.restart(0);
    await bus('up');
    await clinic.busy(20);
    expect(await clinic.finish()).toEqual([]);
    // Neither outage ended a process.
    expect(second.running() && clinic.hubs[0].running()).toBe(true);
    expect(second.log().join('\n')).not.toMatch(/unhandled|uncaught/i);
  });
});
