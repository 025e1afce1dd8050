import type { InputOf, OutputOf } from '../../shared/contract/index.ts';
import { AppError } from '../../shared/errors.ts';
import type { Challenge } from '../notify/documents.ts';
import type { Notifier } from '../notify/Notifier.ts';
import { Access, type AccessDeps } from '../store/Access.ts';
import type { Account } from '../store/entities.ts';
import type { Logger } from '../support/logger.ts';
import type { Challenges } from './Challenges.ts';
import { hashPassword, passwordFits } from './password.ts';

export interface PasswordsDeps extends AccessDeps {
  readonly challenges: Challenges;
  readonly notifier: Notifier;
  readonly sendsMail: boolean;
  /** Ends the account's sign-ins and cuts their sockets. */
  readonly endAll: (accountId: string, but?: string) => Promise<unknown>;
  readonly log: Logger;
  readonly now: () => number;
}

const resetMs = 30 * 60_000;
const proofMs = 24 * 3600_000;
/** Asked again sooner than this, the mail that is on its way has to do: nobody's inbox is filled by strangers. */
const restMs = 5 * 60_000;
type Empty = Record<never, never>;

/** Choosing another password, and the address that a forgotten one is reset by. */
export class Passwords {
  readonly #deps: PasswordsDeps;
  readonly #underWay = new Set<Promise<void>>();

  constructor(deps: PasswordsDeps) {
    this.#deps = deps;
  }

  /** @throws AppError BAD_CREDENTIALS; CONFLICT when another change came first. */
  async change(access: Access, { oldPassword, newPassword }: InputOf<'auth.changePassword'>): Promise<Empty> {
    const { account, sid } = access.actor;
    if (!(await passwordFits(account, oldPassword))) throw new AppError('BAD_CREDENTIALS', 'wrong password');
    const passwordHash = await hashPassword(newPassword);
    const before = { _id: account._id, passwordHash: account.passwordHash };
    const changed = await this.#deps.repos.accounts.update(before, { $set: { passwordHash } });
    if (!changed) throw new AppError('CONFLICT', 'the password was changed meanwhile');
    await this.#deps.challenges.void('password', account._id);
    await this.#deps.endAll(account._id, sid);
    return {};
  }

  /** Answers at once and alike for everybody: what there is to do is done after. */
  requestReset(email: string, traceId: string): Empty {
    if (!this.#deps.sendsMail) throw new AppError('UNAVAILABLE', 'this installation sends no mail');
    const work = this.#sendReset(email, traceId)
      .catch((error: unknown) => this.#deps.log.error({ err: error, traceId }, 'reset mail not written'))
      .finally(() => this.#underWay.delete(work));
    this.#underWay.add(work);
    return {};
  }

  /** @throws AppError CODE_EXPIRED when the link is none, used or too old. */
  async reset({ word, newPassword }: InputOf<'auth.reset'>, traceId: string): Promise<Account> {
    const passwordHash = await hashPassword(newPassword);
    const { account, asked } = await this.#take('password', word);
    const verified = asked.target === account.email ? { emailVerifiedAt: this.#deps.now() } : {};
    await this.#deps.repos.accounts.update(
      { _id: account._id },
      { $set: { passwordHash, ...verified }, $unset: { invitedAt: '', unproved: '' } },
    );
    await this.#deps.challenges.void('password', account._id);
    await this.#deps.endAll(account._id);
    await this.#audit(account, 'auth.reset', traceId);
    return account;
  }

  async email(access: Access): Promise<OutputOf<'account.email'>> {
    const account = await this.#deps.repos.accounts.get(access.accountId);
    const { email, emailVerifiedAt } = account ?? access.actor.account;
    return { email: email ?? null, verifiedAt: emailVerifiedAt ?? null, sendsMail: this.#deps.sendsMail };
  }

  async requestEmailProof(access: Access): Promise<Empty> {
    if (!this.#deps.sendsMail) throw new AppError('UNAVAILABLE', 'this installation sends no mail');
    await this.#send('email', access.actor.account, proofMs);
    return {};
  }

  /** @throws AppError CODE_EXPIRED, also when the account has another address by now. */
  async verifyEmail(word: string, traceId: string): Promise<Empty> {
    const { account, asked } = await this.#take('email', word);
    const change = { $set: { emailVerifiedAt: this.#deps.now() } };
    const done = await this.#deps.repos.accounts.update({ _id: account._id, email: asked.target }, change);
    if (!done) throw new AppError('CODE_EXPIRED', 'this link is for another address');
    await this.#audit(account, 'auth.verifyEmail', traceId);
    return {};
  }

  /** Waits until the mails that were asked for are written down. */
  async settle(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  async #sendReset(email: string, traceId: string): Promise<void> {
    const account = await this.#deps.repos.accounts.one({ email });
    if (!account) return;
    await this.#send('password', account, resetMs);
    await this.#audit(account, 'auth.requestReset', traceId);
  }

  async #send(purpose: 'password' | 'email', account: Account, usefulMs: number): Promise<void> {
    const { challenges, notifier } = this.#deps;
    if (account.email === undefined) throw new AppError('WRONG_STATE', 'there is no address');
    if (await challenges.askedSince(purpose, account._id, this.#deps.now() - restMs)) return;
    // The link of an earlier mail stays good: otherwise a stranger who asks again and again would keep the owner out.
    const asked = await challenges.add(purpose, account._id, account.email, usefulMs);
    const kind = purpose === 'password' ? 'account.resetPassword' : 'account.verifyEmail';
    await notifier.direct(account._id, { kind, challengeId: asked._id }, 'email', usefulMs);
  }

  async #take(purpose: 'password' | 'email', word: string): Promise<{ account: Account; asked: Challenge }> {
    const asked = await this.#deps.challenges.takeWord(purpose, word);
    const account = asked && (await this.#deps.repos.accounts.get(asked.accountId));
    if (!account) throw new AppError('CODE_EXPIRED', 'this link is used up or too old');
    return { account, asked };
  }

  async #audit(account: Account, action: string, traceId: string): Promise<void> {
    await new Access({ account, sid: '' }, traceId, this.#deps).audit('outcome', action, {}, 'OK');
  }
}
