import { createHmac } from 'node:crypto';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { RateClass } from '../../shared/contract/define.ts';
import { AppError } from '../../shared/errors.ts';
import { networkOf } from './addresses.ts';
import type { RedisClient } from './redis.ts';

/** Points per minute. Addresses are generous: a clinic's whole waiting room may sit behind one. */
const perMinute = {
  address: 6_000,
  signInAddress: 60,
  signInPair: 10,
  read: 1_200,
  write: 300,
  visitor: 600,
  chat: 120,
  signIn: 60,
  typing: 60,
  upload: 30,
};
type Class = keyof typeof perMinute;

/** Where hubs count together. */
export interface SharedCounters {
  readonly client: RedisClient;
  /** Whether it is worth asking. */
  readonly up: () => boolean;
  readonly prefix: string;
  /** Keys are hashed with it: an address or an account never stands in Redis. */
  readonly secret: string;
}

/** An answer that takes longer is not waited for: this hub's own count has to do, ms. */
const patienceMs = 150;
/** After a failure the own count is used at once for this long, ms. */
const restMs = 2_000;

interface Limiter {
  consume(key: string): Promise<RateLimiterRes>;
}

/**
 * Counts uses of the door, per address before anybody is known and per account after. With Redis all hubs share the
 * count; a hub that cannot ask counts for itself, and no request ever fails for that.
 */
export class RateLimits {
  readonly #own: ReadonlyMap<Class, Limiter>;
  readonly #together: ReadonlyMap<Class, Limiter>;
  readonly #shared: SharedCounters | null;
  #restUntil = 0;

  /** @param factor multiplies every limit. */
  constructor(factor: number, shared: SharedCounters | null = null) {
    this.#shared = shared;
    const each = (make: (name: Class, points: number) => Limiter): Map<Class, Limiter> =>
      new Map(classes.map((name) => [name, make(name, Math.ceil(perMinute[name] * factor))]));
    this.#own = each((keyPrefix, points) => new RateLimiterMemory({ keyPrefix, points, duration: 60 }));
    this.#together = shared
      ? each(
          (name, points) =>
            new RateLimiterRedis({
              storeClient: shared.client,
              useRedisPackage: true,
              rejectIfRedisNotReady: true,
              keyPrefix: `${shared.prefix}limit:${name}`,
              points,
              duration: 60,
              // Who is over the limit is refused from memory: a flood does not reach Redis.
              inMemoryBlockOnConsumed: points + 1,
            }),
        )
      : new Map<Class, Limiter>();
  }

  /** @throws AppError RATE_LIMITED with `retryAfterSeconds`. */
  async address(address: string): Promise<void> {
    await this.#take('address', networkOf(address));
  }

  async account(accountId: string, rate: RateClass): Promise<void> {
    await this.#take(rate, accountId);
  }

  /** Connections and subscriptions without an account. */
  async visitor(address: string): Promise<void> {
    await this.#take('visitor', networkOf(address));
  }

  /** Guessing is slowed per address, and per address *and* account: a stranger elsewhere cannot lock anybody out. */
  async signIn(address: string, email: string): Promise<void> {
    const from = networkOf(address);
    await this.#take('signInAddress', from);
    await this.#take('signInPair', `${from} ${email}`);
  }

  async #take(name: Class, key: string): Promise<void> {
    try {
      if (await this.#takeTogether(name, key)) return;
      await this.#own.get(name)?.consume(key);
    } catch (error) {
      if (!(error instanceof RateLimiterRes)) throw error;
      throw new AppError('RATE_LIMITED', 'too many requests', {
        retryAfterSeconds: Math.ceil(error.msBeforeNext / 1000),
      });
    }
  }

  /** False when the shared count could not be asked. @throws RateLimiterRes when it is full. */
  async #takeTogether(name: Class, key: string): Promise<boolean> {
    const limiter = this.#together.get(name);
    if (!limiter || !this.#shared?.up() || performance.now() < this.#restUntil) return false;
    const asked = limiter.consume(opaque(this.#shared.secret, key));
    asked.catch(() => undefined);
    try {
      await inTime(asked);
      return true;
    } catch (error) {
      if (error instanceof RateLimiterRes) throw error;
      this.#restUntil = performance.now() + restMs;
      return false;
    }
  }
}

const classes = [
  'address',
  'signInAddress',
  'signInPair',
  'read',
  'write',
  'visitor',
  'chat',
  'signIn',
  'typing',
  'upload',
] as const satisfies readonly Class[];

function opaque(secret: string, key: string): string {
  return createHmac('sha256', secret).update(key).digest('base64url').slice(0, 24);
}

async function inTime(asked: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('redis took too long')), patienceMs);
  });
  try {
    await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
  }
}
