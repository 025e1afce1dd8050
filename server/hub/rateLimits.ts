import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { RateClass } from '../../shared/contract/define.ts';
import { AppError } from '../../shared/errors.ts';

/** Points per minute. Addresses are generous: a clinic's whole waiting room may sit behind one. */
const perMinute = { address: 6_000, signInAddress: 60, signInPair: 10, read: 1_200, write: 300, chat: 120, signIn: 60 };
type Class = keyof typeof perMinute;

/** Counts uses of the door, per address before anybody is known and per account after. */
export class RateLimits {
  readonly #limiters: ReadonlyMap<Class, RateLimiterMemory>;

  /** @param factor multiplies every limit. */
  constructor(factor: number) {
    const limiter = ([name, points]: [string, number]) =>
      new RateLimiterMemory({ keyPrefix: name, points: Math.ceil(points * factor), duration: 60 });
    this.#limiters = new Map(
      Object.entries(perMinute).flatMap((entry) => {
        const name = classes.find((one) => one === entry[0]);
        return name ? [[name, limiter(entry)] as const] : [];
      }),
    );
  }

  /** @throws AppError RATE_LIMITED with `retryAfterSeconds`. */
  async address(address: string): Promise<void> {
    await this.#take('address', address);
  }

  async account(accountId: string, rate: RateClass): Promise<void> {
    await this.#take(rate, accountId);
  }

  /** Guessing is slowed per address, and per address *and* account: a stranger elsewhere cannot lock anybody out. */
  async signIn(address: string, email: string): Promise<void> {
    await this.#take('signInAddress', address);
    await this.#take('signInPair', `${address} ${email}`);
  }

  async #take(name: Class, key: string): Promise<void> {
    try {
      await this.#limiters.get(name)?.consume(key);
    } catch (error) {
      if (!(error instanceof RateLimiterRes)) throw error;
      throw new AppError('RATE_LIMITED', 'too many requests', {
        retryAfterSeconds: Math.ceil(error.msBeforeNext / 1000),
      });
    }
  }
}

const classes = [
  'address',
  'signInAddress',
  'signInPair',
  'read',
  'write',
  'chat',
  'signIn',
] as const satisfies readonly Class[];
