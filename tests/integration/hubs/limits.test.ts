import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { closeRedis, openRedis, type RedisClient } from '../../../server/hub/redis.ts';
import { RateLimits } from '../../../server/hub/rateLimits.ts';
import { createLogger } from '../../../server/support/logger.ts';
import { startRedis, type RedisProcess } from '../../support/redisProcess.ts';
import { until } from '../../support/until.ts';

let redis: RedisProcess;
let clients: RedisClient[];
/** Two hubs' limiters: 60 uses a minute per address. */
let hubs: RateLimits[];

beforeAll(async () => {
  redis = await startRedis();
  clients = [1, 2].map((n) => openRedis(redis.url, `test-${n}`, createLogger('silent')));
  await until('both to be connected', () => clients.every((client) => client.isReady));
  hubs = clients.map(
    (client) => new RateLimits(0.01, { client, up: () => true, prefix: 't:', secret: 'pepper pepper pepper' }),
  );
});
afterAll(async () => {
  clients.forEach(closeRedis);
  await redis.stop();
});

/** Uses both hubs in turn; answers how many were let through. */
async function use(address: string, times: number): Promise<number> {
  const tries = Array.from({ length: times }, async (_, i) => await hubs[i % 2]?.address(address));
  return (await Promise.allSettled(tries)).filter((one) => one.status === 'fulfilled').length;
}

describe('[I2] limits over two hubs', () => {
  test('one count for both, with the time to wait; other addresses have their own', async () => {
    expect(await use('10.0.0.1', 100)).toBe(60);
    await expect(hubs[1]?.address('10.0.0.1')).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      details: { retryAfterSeconds: expect.any(Number) },
    });
    expect(await use('10.0.0.2', 10)).toBe(10);
  });

  test('keys hold no address and no account, and expire', async () => {
    await hubs[0]?.signIn('10.0.0.3', 'asha@example.org');
    const keys = (await clients[0]?.keys('*')) ?? [];
    expect(keys.length).toBeGreaterThan(2);
    for (const key of keys) {
      expect(key).toMatch(/^t:limit:\w+:[\w-]{24}$/);
      expect(await clients[0]?.ttl(key)).toBeGreaterThan(0);
    }
  });

  test('with Redis frozen or gone nothing fails and nothing hangs: each hub counts for itself', async () => {
    redis.freeze();
    expect(await use('10.0.0.4', 200)).toBe(120);
    redis.thaw();
    await redis.kill();
    expect(await use('10.0.0.5', 200)).toBe(120);
    await redis.start();
    await until('both to be back', () => clients.every((client) => client.isReady));
    // The rest after a failure is over within seconds; then they count together again.
    await until(
      'a common count',
      async () => (await use(`10.0.1.${Math.floor(performance.now() % 250)}`, 100)) === 60,
      {
        everyMs: 300,
      },
    );
  });
});
