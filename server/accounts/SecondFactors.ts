import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { AppError } from '../../shared/errors.ts';
import type { Repos } from '../store/Repos.ts';
import { randomBelow } from '../support/ids.ts';
import { tryFactor, type FactorState } from './factorRules.ts';
import { newRecoveryCode, recoveryCodeCount, recoveryHash } from './recovery.ts';
import { base32, otpauthUri } from './totp.ts';

const secretBytes = 20;
const issuer = 'Nadi';

/** An account's second factor; `_id` is the account's. The secret is sealed with the account's key. */
export const secondFactorDoc = z.object({
  _id: z.string(),
  /** Base64. */
  secret: z.string(),
  /** `pending` until a code has shown that the app has it. */
  state: z.enum(['pending', 'on']),
  lastStep: z.int(),
  recovery: z.array(z.string()),
  failures: z.int(),
  waitUntil: z.number(),
  enabledAt: z.number().nullable(),
  /** Compare-and-set: tries count one after the other, however many hubs they reach. */
  version: z.int(),
});
type SecondFactorDoc = z.infer<typeof secondFactorDoc>;

/** Second factors: enrol, check, renew, remove. */
export class SecondFactors {
  readonly #repos: Repos;
  readonly #now: () => number;

  constructor(repos: Repos, now: () => number) {
    this.#repos = repos;
    this.#now = now;
  }

  /** The account's factor once it is confirmed. */
  async of(accountId: string): Promise<{ since: number; recoveryLeft: number } | null> {
    const found = await this.#repos.secondFactors.get(accountId);
    if (found?.state !== 'on') return null;
    return { since: found.enabledAt ?? 0, recoveryLeft: found.recovery.length };
  }

  /** A new secret to confirm; one that was not confirmed is forgotten. @throws AppError WRONG_STATE when there is a factor. */
  async enrol(accountId: string, name: string): Promise<{ secret: string; uri: string }> {
    const secret = randomBytes(secretBytes);
    await this.#repos.secondFactors.remove({ _id: accountId, state: 'pending' });
    const added = await this.#repos.secondFactors.insert({
      ...{ _id: accountId, secret: secret.toString('base64'), state: 'pending', recovery: [] },
      ...{ lastStep: 0, failures: 0, waitUntil: 0, enabledAt: null, version: 1 },
    });
    if (!added) throw new AppError('WRONG_STATE', 'there is a second factor already');
    return { secret: base32(secret), uri: otpauthUri(secret, issuer, name) };
  }

  /** @returns the recovery codes, which are stored nowhere. */
  async confirm(accountId: string, code: string): Promise<string[]> {
    const codes = newCodes();
    await this.#try(accountId, 'pending', code, (secret) => ({
      ...{ state: 'on', enabledAt: this.#now() },
      recovery: codes.map((one) => recoveryHash(secret, one)),
    }));
    return codes;
  }

  /** @throws AppError WRONG_CODE, RATE_LIMITED after many wrong ones, WRONG_STATE without a factor. */
  async check(accountId: string, code: string): Promise<void> {
    await this.#try(accountId, 'on', code, () => ({}));
  }

  async renewRecovery(accountId: string, code: string): Promise<string[]> {
    const codes = newCodes();
    await this.#try(accountId, 'on', code, (secret) => ({ recovery: codes.map((one) => recoveryHash(secret, one)) }));
    return codes;
  }

  async remove(accountId: string, code: string): Promise<void> {
    await this.#try(accountId, 'on', code, () => ({}));
    await this.#repos.secondFactors.remove({ _id: accountId });
  }

  /** Without a code: by an admin, for who lost it. False when there was none. */
  async drop(accountId: string): Promise<boolean> {
    return await this.#repos.secondFactors.remove({ _id: accountId, state: 'on' });
  }

  /** Counts every try before it is answered; one that another try overtook is judged again by what that one left. */
  async #try(
    accountId: string,
    state: SecondFactorDoc['state'],
    code: string,
    change: (secret: Buffer) => Partial<SecondFactorDoc>,
  ): Promise<void> {
    for (;;) {
      const factor = await this.#repos.secondFactors.get(accountId);
      if (factor?.state !== state) throw new AppError('WRONG_STATE', 'there is no such second factor');
      const secret = Buffer.from(factor.secret, 'base64');
      // Of an erased account: nothing must match the nothing that is left.
      if (secret.length !== secretBytes) throw new AppError('WRONG_STATE', 'there is no such second factor');
      const now = this.#now();
      const tried = tryFactor(stateOf(factor), secret, code, now);
      if (tried.kind === 'wait') {
        throw new AppError('RATE_LIMITED', 'too many wrong codes', {
          retryAfterSeconds: Math.ceil((tried.untilMs - now) / 1000),
        });
      }
      const set = { ...tried.next, ...(tried.kind === 'right' ? change(secret) : {}), version: factor.version + 1 };
      const won = await this.#repos.secondFactors.update({ _id: accountId, version: factor.version }, { $set: set });
      if (!won) continue;
      if (tried.kind === 'wrong') throw new AppError('WRONG_CODE', 'this is not the code');
      return;
    }
  }
}

function stateOf({ lastStep, recovery, failures, waitUntil }: SecondFactorDoc): FactorState {
  return { lastStep, recovery, failures, waitUntil };
}

function newCodes(): string[] {
  return Array.from({ length: recoveryCodeCount }, () => newRecoveryCode(randomBelow));
}
