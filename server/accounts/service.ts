import { hash, verify } from '@node-rs/argon2';
import type { AccountView, SignedIn } from '../../shared/contract/accounts.ts';
import { AppError } from '../../shared/errors.ts';
import { Access, type AccessDeps } from '../store/Access.ts';
import type { Account, Patient } from '../store/entities.ts';
import type { AuthSessions } from './AuthSessions.ts';
import type { Authenticator } from './Authenticator.ts';
import type { Tokens } from './Tokens.ts';

export interface AccountsDeps extends AccessDeps {
  readonly tokens: Tokens;
  readonly sessions: AuthSessions;
  readonly authenticator: Authenticator;
  readonly now: () => number;
  /** Closes the sockets of a sign-in session, here at once, elsewhere within seconds. */
  readonly closeSockets: (sid: string) => void;
}

/** What a sign-in or refresh gives: the reply, and the cookie beside it. */
export interface SignInResult {
  readonly reply: SignedIn;
  readonly refreshToken: string;
}

export async function hashPassword(password: string): Promise<string> {
  return await hash(password);
}

/** Sign-in, refresh, sign-out. */
export class AccountService {
  readonly #deps: AccountsDeps;
  /** Compared against when there is no such account, so that both failures take the same time. */
  readonly #decoy = hashPassword('no account has this password');

  constructor(deps: AccountsDeps) {
    this.#deps = deps;
  }

  /** @throws AppError BAD_CREDENTIALS for an unknown email and a wrong password alike. */
  async login(email: string, password: string, traceId: string): Promise<SignInResult> {
    const account = await this.#deps.repos.accounts.one({ email });
    const matches = await verify(account?.passwordHash ?? (await this.#decoy), password);
    if (!account || !matches) {
      if (account) await this.#access(account, '', traceId).audit('outcome', 'auth.login', {}, 'BAD_CREDENTIALS');
      throw new AppError('BAD_CREDENTIALS', 'email or password is wrong');
    }
    const session = await this.#deps.sessions.open(account._id);
    const access = this.#access(account, session._id, traceId);
    await access.audit('outcome', 'auth.login', {}, 'OK');
    return await this.#signedIn(access, 1);
  }

  /** @throws AppError UNAUTHENTICATED without a usable cookie, SESSION_REVOKED when a used-up token came back. */
  async refresh(token: string | undefined, traceId: string): Promise<SignInResult> {
    const presented = token === undefined ? null : this.#deps.tokens.readRefresh(token);
    if (!presented) throw new AppError('UNAUTHENTICATED', 'sign in first');
    const outcome = await this.#deps.sessions.refresh(presented.sid, presented.number);
    if (outcome.kind === 'gone') throw new AppError('UNAUTHENTICATED', 'this session has ended');
    const account = await this.#deps.repos.accounts.get(outcome.session.accountId);
    if (!account) throw new AppError('UNAUTHENTICATED', 'this account is gone');
    const access = this.#access(account, presented.sid, traceId);
    if (outcome.kind === 'reuse') {
      this.#end(presented.sid);
      await access.audit('outcome', 'auth.reuse', {}, 'SESSION_REVOKED');
      throw new AppError('SESSION_REVOKED', 'this session was ended: an old token came back');
    }
    return await this.#signedIn(access, outcome.number);
  }

  async logout(access: Access, everywhere: boolean): Promise<void> {
    const { sid } = access.actor;
    await this.#deps.sessions.revoke(sid);
    this.#end(sid);
    if (!everywhere) return;
    for (const other of await this.#deps.sessions.revokeAll(access.accountId)) this.#end(other);
  }

  async me(access: Access): Promise<AccountView> {
    const { account } = access.actor;
    const [patients, clinics] = await Promise.all([
      access.has('patient') ? access.ownPatients() : [],
      access.clinics(),
    ]);
    return {
      id: account._id,
      name: account.name,
      email: account.email,
      roles: account.roles,
      patients: patients.map(toPatientSummary),
      clinics: clinics.map((clinic) => ({ id: clinic._id, name: clinic.name })),
    };
  }

  async #signedIn(access: Access, number: number): Promise<SignInResult> {
    const { sid } = access.actor;
    const { token, expiresAt } = await this.#deps.tokens.access(access.accountId, sid, this.#deps.now());
    const reply = { accessToken: token, expiresAt, account: await this.me(access) };
    return { reply, refreshToken: this.#deps.tokens.refresh(sid, number) };
  }

  #end(sid: string): void {
    this.#deps.authenticator.forget(sid);
    this.#deps.closeSockets(sid);
  }

  #access(account: Account, sid: string, traceId: string): Access {
    return new Access({ account, sid }, traceId, this.#deps);
  }
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
