import type { InputOf, OutputOf } from '../../shared/contract/index.ts';
import type { CodeChannel, NameAsked } from '../../shared/contract/otp.ts';
import { AppError } from '../../shared/errors.ts';
import { emailAddress } from '../../shared/contract/passwords.ts';
import { deskRoles, hasRole } from '../../shared/permissions.ts';
import { nobody, type Challenge } from '../notify/documents.ts';
import type { Notifier } from '../notify/Notifier.ts';
import { toE164 } from '../notify/rules.ts';
import type { Account } from '../store/entities.ts';
import type { Repos } from '../store/Repos.ts';
import { derivedId } from '../support/ids.ts';
import type { Device } from '../../shared/contract/access.ts';
import type { Challenges } from './Challenges.ts';
import { codeCounters } from './delayRules.ts';
import { addSelf } from './newcomer.ts';
import type { SecondFactors } from './SecondFactors.ts';
import type { AccountService, HalfSignedIn, SignInResult } from './service.ts';
import type { Tokens } from './Tokens.ts';
import type { Tries } from './Tries.ts';

export interface CodeSignInDeps {
  readonly repos: Repos;
  readonly challenges: Challenges;
  readonly notifier: Notifier;
  readonly accounts: AccountService;
  readonly factors: SecondFactors;
  readonly tokens: Tokens;
  readonly tries: Tries;
  /** How this installation can send codes. */
  readonly sends: Readonly<Record<CodeChannel, boolean>>;
  /** ISO 3166: whose numbers are written without a prefix. */
  readonly region: string;
  readonly now: () => number;
}

const codeMs = 5 * 60_000;

/** Signing in, and up, by a code. Who has an account is looked up only after the code was right: before, all are answered alike. */
export class CodeSignIn {
  readonly #deps: CodeSignInDeps;

  constructor(deps: CodeSignInDeps) {
    this.#deps = deps;
  }

  ways(): OutputOf<'auth.ways'> {
    return { ...this.#deps.sends, region: this.#deps.region };
  }

  /** What is written as it is stored: E.164, or an address in lower case. @throws AppError INVALID_INPUT, UNAVAILABLE. */
  target({ channel, to }: InputOf<'auth.requestCode'>): string {
    if (!this.#deps.sends[channel]) throw new AppError('UNAVAILABLE', `this installation sends no ${channel}`);
    const target = channel === 'sms' ? toE164(to, this.#deps.region) : emailAddress.safeParse(to).data;
    if (target != null) return target;
    throw new AppError('INVALID_INPUT', `nothing that ${channel} reaches`, { issues: [{ path: 'to' }] });
  }

  /** @param device where `target` signed in before. @throws AppError RATE_LIMITED before the pause is over, which grows each time. */
  async request(
    target: string,
    { channel, language }: InputOf<'auth.requestCode'>,
    address: string,
    device: string | null,
  ): Promise<OutputOf<'auth.requestCode'>> {
    const { tries, challenges, notifier } = this.#deps;
    const counters = codeCounters(target, address, device);
    await tries.take(counters);
    const asked = await challenges.add('otp', nobody, target, codeMs);
    await notifier.direct(nobody, { kind: 'account.otp', challengeId: asked._id, language }, channel, codeMs);
    return { challengeId: asked._id, expiresAt: asked.expiresAt, resendAt: await tries.nextAt(counters) };
  }

  /**
   * @throws AppError WRONG_CODE, CODE_EXPIRED; once the code was right FORBIDDEN for who works at a desk and has no second factor,
   * WRONG_STATE when nobody has shown yet that the account's address is theirs.
   */
  async use(
    { challengeId, code }: InputOf<'auth.useCode'>,
    device: Device,
    traceId: string,
  ): Promise<SignInResult | HalfSignedIn | NameAsked> {
    const { challenges, accounts, tokens, now } = this.#deps;
    const asked = await challenges.takeCodeOf('otp', challengeId, code);
    const account = await this.#accountOf(asked);
    if (account) return await accounts.enter(account, device, 'code', traceId);
    return { signUp: tokens.signUp(asked._id, now()) };
  }

  /** @throws AppError CODE_EXPIRED when the code was given too long ago. */
  async signUp(
    { token, name }: InputOf<'auth.signUp'>,
    device: Device,
    traceId: string,
  ): Promise<SignInResult | HalfSignedIn> {
    const { repos, tokens, accounts, now } = this.#deps;
    const challengeId = tokens.readSignUp(token, now());
    const asked = challengeId === null ? null : await repos.challenges.get(challengeId);
    if (asked?.purpose !== 'otp' || asked.state !== 'used') throw new AppError('CODE_EXPIRED', 'begin again');
    const at = now();
    const byPhone = asked.target.startsWith('+');
    const account: Account = {
      _id: derivedId('account', asked._id),
      ...(byPhone ? { phone: asked.target } : { email: asked.target, emailVerifiedAt: at }),
      ...{
        passwordHash: '',
        name,
        roles: ['patient'],
        permissionSets: [],
        clinicIds: [],
        createdAt: at,
        accessChangedAt: at,
      },
    };
    const added = await repos.accounts.insert(account);
    // Not added: by this very request, a moment ago, or somebody signed up with the number from another browser meanwhile.
    const here = added ? account : await this.#accountOf(asked);
    if (!here) throw new AppError('CONFLICT', 'this account is being opened; try again');
    if (here._id === account._id) {
      await addSelf(repos, here, at);
      if (byPhone) await this.#useForSms(here._id, asked.target);
    }
    return await accounts.enter(here, device, 'signUp', traceId);
  }

  async #accountOf({ target }: Challenge): Promise<Account | null> {
    const byPhone = target.startsWith('+');
    const account = await this.#deps.repos.accounts.one(byPhone ? { phone: target } : { email: target });
    if (!account) return null;
    // Whoever opened an account in somebody else's name must not share it with them.
    if (!byPhone && account.emailVerifiedAt === undefined)
      throw new AppError('WRONG_STATE', 'confirm the address first');
    if (hasRole(account.roles, deskRoles) && !(await this.#deps.factors.of(account._id))) {
      // Numbers are taken over at the counter of a shop; here that would open a clinic's records.
      throw new AppError('FORBIDDEN', 'at a desk a code is the second step, never the only one');
    }
    return account;
  }

  /** A number that was just proved gets the messages too. */
  async #useForSms(accountId: string, number: string): Promise<void> {
    const fresh = { language: null, quiet: null, channels: {}, telegram: null, version: 1 };
    await this.#deps.repos.notifySettings.insert({
      ...{ _id: accountId, ...fresh, phone: { number, verifiedAt: this.#deps.now() } },
    });
  }
}
