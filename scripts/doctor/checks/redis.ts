import { createClient } from 'redis';
import { closeRedis } from '../../../server/hub/redis.ts';
import { messageOf } from '../../support/SetupError.ts';
import { fail, ok, skipped, together, warn, type Check, type Outcome } from '../check.ts';
import { hubConfig } from '../context.ts';

export const redis: Check = {
  id: 'redis',
  title: 'Redis',
  run: async (context) => {
    const { redis: given } = hubConfig(context);
    if (given === null) return skipped('none: one hub needs none');
    const client = createClient({
      url: given.url,
      disableOfflineQueue: true,
      socket: { connectTimeout: context.options.answerMs, reconnectStrategy: false },
    });
    // Told by connect().
    client.on('error', () => undefined);
    try {
      await client.connect();
      return together([version(await client.info('server')), memory(await client.info('memory'))]);
    } catch (error) {
      const text = messageOf(error);
      if (/WRONGPASS|NOAUTH/.test(text)) return fail('Redis refuses our password', 'Correct it in REDIS_URL.');
      return fail(
        `Redis does not answer: ${text}`,
        'Start it. Until then hubs hear of each other through the database only.',
      );
    } finally {
      closeRedis(client);
    }
  },
};

function version(info: string): Outcome {
  const found = valueOf(info, 'redis_version');
  if (Number(found.split('.', 1)[0]) < 6) return warn(`Redis ${found} is old`, 'Use 7 or newer.');
  return ok(`Redis ${found}, answers`);
}

/** We keep counters of limits in it: what is pushed out lets somebody try again too soon. */
function memory(info: string): Outcome {
  const [policy, most] = [valueOf(info, 'maxmemory_policy'), Number(valueOf(info, 'maxmemory'))];
  if (most > 0 && policy !== '' && policy !== 'noeviction') {
    return warn(`Redis may drop what it holds (${policy})`, 'Set maxmemory-policy noeviction.');
  }
  return ok('keeps what it holds');
}

function valueOf(info: string, name: string): string {
  return new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]?.trim() ?? '';
}
