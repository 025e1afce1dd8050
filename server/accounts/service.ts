import type { Device } from '../../shared/contract/access.ts';
import type { AccountView, SecondFactorAsked, SignedIn } from '../../shared/contract/accounts.ts';
import type { OutputOf } from '../../shared/contract/index.ts';
import { AppError } from '../../shared/errors.ts';
import { deskRoles, hasRole } from '../../shared/permissions.ts';
import { Access, type AccessDeps, type Actor } from '../store/Access.ts';
import type { Account, Patient } from '../store/entities.ts';
import type { AuthSessions } from './AuthSessions.ts';
import type { Authenticator } from './Authenticator.ts';
import { passwordFits } from './password.ts';
import type { SecondFactors } from './SecondFactors.ts';
import type { Tokens } from './Tokens.ts';

export interface AccountsDeps extends AccessDeps {
  readonly tokens: Tokens;
  readonly sessions: AuthSessions;
  readonly authenticator: Authenticator;
  readonly factors: SecondFactors;
  /** After how long without anybody the sign-in of somebody who works at a desk ends, ms; null: never. */
  readonly deskIdleMs: number | null;
  readonly now: () => number;
  /** Closes the sockets of a sign-in session, here at once, elsewhere within seconds. */
  readonly closeSockets: (sid: string) => void;
}

/** What a sign-in or refresh gives: the reply, and the cookie beside it. */
export interface SignInResult {
  readonly reply: SignedIn;
  readonly refreshToken: string;
  readonly account: Account;
  readonly sid: string;
}

/** The password (or the code) was right, and that is not enough. */
export interface HalfSignedIn {
  readonly reply: SecondFactorAsked;
  readonly refreshToken: null;
}

/** How somebody shows who they are, and the names it is recorded under: as the first of two steps, and as the only one. */
const ways = {
  password: { firstStep: 'auth.password', whole: 'auth.login' },
  code: { firstStep: 'auth.code', whole: 'auth.useCode' },
  signUp: { firstStep: 'auth.code', whole: 'auth.signUp' },
} as const;
export type Way = keyof typeof ways;

/** Sign-in, refresh, sign-out. */
export class AccountService {
  readonly #deps: AccountsDeps;
  /** When this hub last wrote down that somebody was there, by session. */
  readonly #noted = new Map<string, number>();

  constructor(deps: AccountsDeps) {
    this.#deps = deps;
  }

  /** @throws AppError BAD_CREDENTIALS for an unknown email and a wrong password alike. */
  async login(email: string, password: string, device: Device, traceId: string): Promise<SignInResult | HalfSignedIn> {
    const account = await this.#deps.repos.accounts.one({ email });
    const matches = await passwordFits(account, password);
    if (!account || !matches) {
      if (account) await this.#access(account, '', traceId).audit('outcome', 'auth.login', {}, 'BAD_CREDENTIALS');
      throw new AppError('BAD_CREDENTIALS', 'email or password is wrong');
    }
    return await this.enter(account, device, 'password', traceId);
  }

  /** Who it is, is shown; a second factor is asked for where there is one. */
  async enter(account: Account, device: Device, how: Way, traceId: string): Promise<SignInResult | HalfSignedIn> {
    inUse(account);
    if (await this.#deps.factors.of(account._id)) {
      await this.#access(account, '', traceId).audit('outcome', ways[how].firstStep, {}, 'OK');
      const secondFactor = this.#deps.tokens.pending(account._id, account.passwordHash, this.#deps.now());
      return { reply: { secondFactor }, refreshToken: null };
    }
    return await this.#open(account, device, ways[how].whole, traceId);
  }

  /** The second step. @throws AppError CODE_EXPIRED when it began too long ago, WRONG_CODE, RATE_LIMITED. */
  async secondFactor(token: string, code: string, device: Device, traceId: string): Promise<SignInResult> {
    const pending = this.#deps.tokens.readPending(token, this.#deps.now());
    const account = pending && (await this.#deps.repos.accounts.get(pending.accountId));
    if (!account || !pending.holds(account.passwordHash)) throw new AppError('CODE_EXPIRED', 'begin again');
    try {
      await this.#deps.factors.check(account._id, code);
    } catch (error) {
      const refused = error instanceof AppError ? error.code : 'INTERNAL';
      await this.#access(account, '', traceId).audit('outcome', 'auth.secondFactor', {}, refused);
      // Turned off meanwhile, from another browser: then the password does again, from the start.
      throw refused === 'WRONG_STATE' ? new AppError('CODE_EXPIRED', 'begin again') : error;
    }
    return await this.#open(account, device, 'auth.secondFactor', traceId);
  }

  /** @throws AppError BAD_CREDENTIALS unless the password is the account's. */
  async enrolFactor(access: Access, password: string): Promise<OutputOf<'auth.enrolFactor'>> {
    // Read anew: the actor may be some seconds old, and the password newer.
    const account = (await this.#deps.repos.accounts.get(access.accountId)) ?? access.actor.account;
    if (!(await passwordFits(account, password))) throw new AppError('BAD_CREDENTIALS', 'wrong password');
    return await this.#deps.factors.enrol(account._id, account.email ?? account.phone ?? account.name);
  }

  /** @throws AppError UNAUTHENTICATED without a usable cookie, SESSION_REVOKED when a used-up token came back, SESSION_IDLE. */
  async refresh(token: string | undefined, quietMs: number | undefined, traceId: string): Promise<SignInResult> {
    const presented = token === undefined ? null : this.#deps.tokens.readRefresh(token);
    if (!presented) throw new AppError('UNAUTHENTICATED', 'sign in first');
    const session = await this.#deps.sessions.get(presented.sid);
    const account = session && (await this.#deps.repos.accounts.get(session.accountId));
    if (!account) throw new AppError('UNAUTHENTICATED', 'this session has ended');
    const { sid, number } = presented;
    const outcome = await this.#deps.sessions.refresh(sid, number, this.idleMsOf(account), quietMs);
    if (outcome.kind === 'gone') throw new AppError('UNAUTHENTICATED', 'this session has ended');
    if (account.deactivatedAt !== undefined) throw new AppError('UNAUTHENTICATED', 'this account is not in use');
    const access = this.#access(account, presented.sid, traceId);
    if (outcome.kind === 'idle') {
      this.#end(sid);
      await access.audit('outcome', 'auth.idle', {}, 'SESSION_IDLE');
      throw new AppError('SESSION_IDLE', 'nobody was there for too long');
    }
    if (outcome.kind === 'reuse') {
      this.#end(presented.sid);
      await access.audit('outcome', 'auth.reuse', {}, 'SESSION_REVOKED');
      throw new AppError('SESSION_REVOKED', 'this session was ended: an old token came back');
    }
    return await this.#signedIn(access, outcome.number);
  }

  /** After how long without anybody a sign-in of the account ends; null: by its age alone. */
  idleMsOf({ roles }: Account): number | null {
    return hasRole(roles, deskRoles) ? this.#deps.deskIdleMs : null;
  }

  /** Somebody did something: keeps their sign-in from ending. */
  async used({ account, sid }: Actor): Promise<void> {
    const idleMs = this.idleMsOf(account);
    const now = this.#deps.now();
    if (idleMs === null || now - (this.#noted.get(sid) ?? 0) < idleMs / 5) return;
    if (this.#noted.size > 10_000) this.#noted.clear();
    this.#noted.set(sid, now);
    await this.#deps.sessions.touch(sid, idleMs);
  }

  async logout(access: Access, everywhere: boolean): Promise<void> {
    const { sid } = access.actor;
    await this.#deps.sessions.revoke(sid);
    this.#end(sid);
    if (!everywhere) return;
    await this.endAll(access.accountId);
  }

  async sessions(access: Access): Promise<OutputOf<'auth.sessions'>> {
    const live = await this.#deps.sessions.liveOf(access.accountId);
    return {
      sessions: live.map(({ _id, device, createdAt, rotation }) => ({
        ...{ id: _id, device, createdAt, lastUsedAt: rotation.rotatedAt },
        current: _id === access.actor.sid,
      })),
    };
  }

  /** One that has ended already is as asked. @throws AppError NOT_FOUND for another account's, as for none at all. */
  async revokeSession(access: Access, signInId: string): Promise<Record<never, never>> {
    const session = await this.#deps.sessions.get(signInId);
    if (session?.accountId !== access.accountId) throw new AppError('NOT_FOUND', 'no such sign-in');
    await this.#deps.sessions.revoke(signInId);
    this.#end(signInId);
    return {};
  }

  async revokeOthers(access: Access): Promise<OutputOf<'auth.revokeOthers'>> {
    return { ended: await this.endAll(access.accountId, access.actor.sid) };
  }

  /** Ends an account's sign-ins and cuts their sockets; all, or all `but` one. @returns how many there were. */
  async endAll(accountId: string, but?: string): Promise<number> {
    const ended = await this.#deps.sessions.revokeAll(accountId, but);
    for (const sid of ended) this.#end(sid);
    return ended.length;
  }

  async me(access: Access): Promise<AccountView> {
    const { account } = access.actor;
    const [patients, clinics, application] = await Promise.all([
      access.has('patient') ? access.ownPatients() : [],
      access.clinics(),
      access.has('doctor') ? this.#deps.repos.doctors.one({ accountId: account._id }) : null,
    ]);
    return {
      id: account._id,
      name: account.name,
      email: account.email ?? null,
      roles: account.roles,
      permissionSets: account.permissionSets,
      doctorState: application?.state ?? null,
      patients: patients.map(toPatientSummary),
      clinics: clinics.map((clinic) => ({ id: clinic._id, name: clinic.name })),
    };
  }

  async #open(account: Account, device: Device, how: string, traceId: string): Promise<SignInResult> {
    inUse(account);
    const session = await this.#deps.sessions.open(account._id, device, this.idleMsOf(account));
    const access = this.#access(account, session._id, traceId);
    await access.audit('outcome', how, {}, 'OK');
    return await this.#signedIn(access, 1);
  }

  async #signedIn(access: Access, number: number): Promise<SignInResult> {
    const { sid } = access.actor;
    const { token, expiresAt } = await this.#deps.tokens.access(access.accountId, sid, this.#deps.now());
    const { account } = access.actor;
    const reply = { accessToken: token, expiresAt, account: await this.me(access), idleMs: this.idleMsOf(account) };
    return { reply, refreshToken: this.#deps.tokens.refresh(sid, number), account, sid };
  }

  #end(sid: string): void {
    this.#deps.authenticator.forget(sid);
    this.#deps.closeSockets(sid);
  }

  #access(account: Account, sid: string, traceId: string): Access {
    return new Access({ account, sid }, traceId, this.#deps);
  }
}

/** @throws AppError ACCOUNT_INACTIVE. */
function inUse({ deactivatedAt }: Account): void {
  if (deactivatedAt !== undefined) throw new AppError('ACCOUNT_INACTIVE', 'this account is not in use');
}

function toPatientSummary(patient: Patient): AccountView['patients'][number] {
  return {
    id: patient._id,
    code: patient.code,
    name: patient.name,
    gender: patient.gender,
    birthYear: patient.birthYear,
  };
}
