import type { InputOf, OutputOf } from '../../shared/contract/index.ts';
import { AppError } from '../../shared/errors.ts';
import type { Notifier } from '../notify/Notifier.ts';
import { Access, type AccessDeps } from '../store/Access.ts';
import type { Account } from '../store/entities.ts';
import { newId } from '../support/ids.ts';
import type { Logger } from '../support/logger.ts';
import type { Challenges } from './Challenges.ts';
import { addSelf } from './newcomer.ts';
import { hashPassword } from './password.ts';

export interface SignUpsDeps extends AccessDeps {
  readonly challenges: Challenges;
  readonly notifier: Notifier;
  readonly sendsMail: boolean;
  readonly log: Logger;
  readonly now: () => number;
}

const invitationMs = 7 * 24 * 3600_000;
const resetMs = 30 * 60_000;
/** Asked again sooner than this, the mail that is on its way has to do. */
const restMs = 5 * 60_000;
type Empty = Record<never, never>;

/** An account nobody has a password of yet. */
export function unusedAccount(
  of: { readonly name: string; readonly email: string; readonly roles: Account['roles'] },
  now: number,
): Account & { email: string } {
  return {
    ...{ _id: newId(), ...of, passwordHash: '', permissionSets: [], clinicIds: [] },
    ...{ createdAt: now, accessChangedAt: now, invitedAt: now },
  };
}

/** Coming in by the link of a mail: after asking for an account oneself, or invited. */
export class SignUps {
  readonly #deps: SignUpsDeps;
  readonly #underWay = new Set<Promise<void>>();

  constructor(deps: SignUpsDeps) {
    this.#deps = deps;
  }

  /** Answers at once and alike for everybody: what there is to do is done after. */
  signUp(input: InputOf<'auth.register'>, traceId: string): Empty {
    this.#needsMail();
    const work = this.#begin(input, traceId)
      .catch((error: unknown) => this.#deps.log.error({ err: error, traceId }, 'sign-up mail not written'))
      .finally(() => this.#underWay.delete(work));
    this.#underWay.add(work);
    return {};
  }

  /** Sends somebody the link that lets them in. Links sent before end when an admin asks for it anew. */
  async invite(account: Account, again: boolean): Promise<void> {
    this.#needsMail();
    const { challenges, notifier } = this.#deps;
    if (again) await challenges.void('invite', account._id);
    if (account.email === undefined) throw new AppError('WRONG_STATE', 'no address to write to');
    const asked = await challenges.add('invite', account._id, account.email, invitationMs);
    await notifier.direct(account._id, { kind: 'account.invited', challengeId: asked._id }, 'email', invitationMs);
  }

  /** @throws AppError CODE_EXPIRED when the link is none, used or too old. */
  async invitation(word: string): Promise<OutputOf<'auth.invitation'>> {
    const asked = await this.#deps.challenges.peekWord('invite', word);
    const account = asked && (await this.#deps.repos.accounts.get(asked.accountId));
    const { name, email, roles, invitedAt, deactivatedAt } = account ?? {};
    if (!name || !email || !roles || invitedAt === undefined || deactivatedAt !== undefined) throw expired();
    return { name, email, roles };
  }

  /** @throws AppError CODE_EXPIRED; INVALID_INPUT when a patient does not say who they are. */
  async accept({ word, newPassword, patient }: InputOf<'auth.acceptInvitation'>, traceId: string): Promise<Empty> {
    const { repos, challenges, now } = this.#deps;
    const { roles } = await this.invitation(word);
    if (roles.includes('patient') && !patient) throw new AppError('INVALID_INPUT', 'who are you?');
    const passwordHash = await hashPassword(newPassword);
    const asked = await challenges.takeWord('invite', word);
    const account = asked && (await repos.accounts.get(asked.accountId));
    if (!account) throw expired();
    if (patient && roles.includes('patient')) {
      const { _id } = await addSelf(repos, account, now());
      await repos.patients.update({ _id }, { $set: patient });
    }
    const done = await repos.accounts.update(
      { _id: account._id, invitedAt: { $exists: true }, email: asked.target, deactivatedAt: { $exists: false } },
      { $set: { passwordHash, emailVerifiedAt: now() }, $unset: { invitedAt: '', unproved: '' } },
    );
    if (!done) throw expired();
    await challenges.void('invite', account._id);
    await this.#audit(account, 'auth.acceptInvitation', traceId);
    return {};
  }

  /** Addresses that nobody has shown to be theirs leave the database. Returns how many. */
  async purge(): Promise<number> {
    const { repos, now } = this.#deps;
    const old = { unproved: true, invitedAt: { $lt: now() - invitationMs - restMs } };
    let removed = 0;
    for (const account of await repos.accounts.many(old, { limit: 500 })) {
      if (await repos.accounts.remove({ _id: account._id, ...old })) removed += 1;
    }
    return removed;
  }

  /** Waits until the mails that were asked for are written down. */
  async settle(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  async #begin({ name, email, as }: InputOf<'auth.register'>, traceId: string): Promise<void> {
    const { repos, now } = this.#deps;
    const fresh: Account = { ...unusedAccount({ name, email, roles: [as] }, now()), unproved: true };
    const added = await repos.accounts.insert(fresh);
    const account = added ? fresh : await repos.accounts.one({ email });
    if (!account || account.deactivatedAt !== undefined) return;
    if (account.invitedAt === undefined) await this.#send(account, 'password', 'account.exists', resetMs);
    else await this.#send(account, 'invite', 'account.signUp', invitationMs);
    await this.#audit(account, 'auth.register', traceId);
  }

  async #send(
    account: Account,
    purpose: 'invite' | 'password',
    kind: 'account.signUp' | 'account.exists',
    usefulMs: number,
  ): Promise<void> {
    const { challenges, notifier, now } = this.#deps;
    // Links sent before stay good: otherwise a stranger who asks again and again would keep the owner out.
    if (await challenges.askedSince(purpose, account._id, now() - restMs)) return;
    if (account.email === undefined) return;
    const asked = await challenges.add(purpose, account._id, account.email, usefulMs);
    await notifier.direct(account._id, { kind, challengeId: asked._id }, 'email', usefulMs);
  }

  #needsMail(): void {
    if (!this.#deps.sendsMail) throw new AppError('UNAVAILABLE', 'this installation sends no mail');
  }

  async #audit(account: Account, action: string, traceId: string): Promise<void> {
    await new Access({ account, sid: '' }, traceId, this.#deps).audit('outcome', action, {}, 'OK');
  }
}

function expired(): AppError {
  return new AppError('CODE_EXPIRED', 'this link is used up or too old');
}
