import type { AccountView, SignedIn } from '../../../shared/contract/accounts.ts';
import { parseOutput, type OperationName } from '../../../shared/contract/index.ts';
import type { ErrorCode } from '../../../shared/errors.ts';
import { limits } from '../../../shared/limits.ts';
import { backoff } from './backoff.ts';
import type { HttpCall } from './http.ts';
import { RequestError } from './RequestError.ts';

/** `starting`: asking the cookie who we are. */
export type SessionStatus = 'starting' | 'signed-in' | 'signed-out';
/** Why somebody is signed out: by choice, in another tab, because the session ended, or never was. */
export type EndReason = 'none' | 'here' | 'elsewhere' | 'ended';

/** What a session stands on; the browser's own by default, replaced in tests. */
export interface SessionPorts {
  call(name: OperationName, input: object, call: HttpCall): Promise<unknown>;
  /** Runs one at a time over all tabs of this browser. */
  exclusive<T>(task: () => Promise<T>): Promise<T>;
  /** Tells the other tabs; never called with anything personal but the opaque account id. */
  tell(news: TabNews): void;
  /** Survives a reload; holds flags only. */
  flags: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  now(): number;
  random(): number;
}
export type TabNews = { type: 'signed-in'; accountId: string } | { type: 'signed-out' };
export type SessionListener = (account: AccountView | null) => void;

/** Refresh this long before the token ends, ms. */
const earlyMs = 60_000;
/** Set while a sign-out could not reach the server, so that a reload finishes it instead of signing in again. */
const pendingFlag = 'nadi.sign-out-pending';

/** Who is signed in in this tab. The access token lives in this object's memory only; what lasts is the HttpOnly cookie. */
export class Session {
  #status = $state<SessionStatus>('starting');
  #account = $state.raw<AccountView | null>(null);
  #reason = $state<EndReason>('none');
  #trouble = $state.raw<RequestError | null>(null);
  #ports: SessionPorts;
  #token: string | null = null;
  #goodUntil = 0;
  #refreshing: Promise<string | null> | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #tries = 0;
  #listeners: SessionListener[] = [];

  constructor(ports: SessionPorts) {
    this.#ports = ports;
  }

  get status(): SessionStatus {
    return this.#status;
  }
  get account(): AccountView | null {
    return this.#account;
  }
  /** Why nobody is signed in; `ended` and `elsewhere` deserve a sentence on the sign-in page. */
  get reason(): EndReason {
    return this.#reason;
  }
  /** What keeps `starting` from ending: no server. It goes on trying. */
  get trouble(): RequestError | null {
    return this.#trouble;
  }

  /** Hear when somebody signs in or out, or when another account takes over. Returns the way to stop. */
  onChange(listener: SessionListener): () => void {
    this.#listeners.push(listener);
    return () => {
      this.#listeners = this.#listeners.filter((one) => one !== listener);
    };
  }

  /** At page load: sign in silently by the cookie. Resolves when that is known, or after the first failure to reach the server. */
  async start(): Promise<void> {
    try {
      if (this.#ports.flags.getItem(pendingFlag) !== null) await this.#finishSignOut();
      else await this.#refresh();
    } catch (thrown) {
      this.#trouble = RequestError.of(thrown);
      this.#later(() => void this.start());
    }
  }

  /**
   * @returns null when signed in; else what {@link secondStep} needs beside a code.
   * @throws RequestError, e.g. BAD_CREDENTIALS, RATE_LIMITED.
   */
  async signIn(email: string, password: string): Promise<{ token: string } | null> {
    const data = await this.#ports.call('auth.login', { email, password }, {});
    const answer = parseOutput('auth.login', data);
    if ('secondFactor' in answer) return answer.secondFactor;
    this.#enter(answer);
    return null;
  }

  /** @throws RequestError, e.g. WRONG_CODE; CODE_EXPIRED when the first step is too long ago. */
  async secondStep(token: string, code: string): Promise<void> {
    this.#enter(parseOutput('auth.secondFactor', await this.#ports.call('auth.secondFactor', { token, code }, {})));
  }

  #enter(signedIn: SignedIn): void {
    this.#ports.flags.removeItem(pendingFlag);
    this.#adopt(signedIn);
    this.#ports.tell({ type: 'signed-in', accountId: signedIn.account.id });
  }

  /** Ends the session here at once, and on the server as soon as it can be reached. */
  async signOut(everywhere = false): Promise<void> {
    const token = await this.token().catch(() => this.#token);
    this.#ports.flags.setItem(pendingFlag, everywhere ? 'everywhere' : 'here');
    this.#end('here');
    this.#ports.tell({ type: 'signed-out' });
    try {
      if (token !== null) await this.#ports.call('auth.logout', { everywhere }, { token });
      this.#ports.flags.removeItem(pendingFlag);
    } catch (thrown) {
      if (isOver(RequestError.of(thrown).code)) this.#ports.flags.removeItem(pendingFlag);
    }
  }

  /**
   * An access token good for a while yet, refreshed first when it is near its end (always with `force`); null when signed out.
   * @throws RequestError when the server cannot be reached.
   */
  async token(force = false): Promise<string | null> {
    if (this.#status !== 'signed-in' && !this.#refreshing) return null;
    if (!force && this.#token !== null && this.#ports.now() < this.#goodUntil - earlyMs / 2) return this.#token;
    return this.#refresh();
  }

  /** Another tab signed in or out. */
  heard(news: TabNews): void {
    if (news.type === 'signed-out') {
      if (this.#status !== 'signed-out') this.#end('elsewhere');
    } else if (news.accountId !== this.#account?.id) {
      this.#refresh().catch(() => this.#end('elsewhere'));
    }
  }

  /** One at a time in this tab (shared promise) and over all tabs (lock): each refresh rotates the cookie. */
  #refresh(): Promise<string | null> {
    this.#refreshing ??= this.#ports
      .exclusive(async () => parseOutput('auth.refresh', await this.#ports.call('auth.refresh', {}, {})))
      .then(
        (signedIn) => {
          this.#refreshing = null;
          if (this.#ports.flags.getItem(pendingFlag) !== null && this.#status === 'signed-out') return null;
          this.#adopt(signedIn);
          return signedIn.accessToken;
        },
        (thrown: unknown) => {
          this.#refreshing = null;
          const error = RequestError.of(thrown);
          if (!isOver(error.code)) throw error;
          this.#end(this.#status === 'signed-in' ? 'ended' : 'none');
          return null;
        },
      );
    return this.#refreshing;
  }

  async #finishSignOut(): Promise<void> {
    const everywhere = this.#ports.flags.getItem(pendingFlag) === 'everywhere';
    try {
      const data = await this.#ports.exclusive(() => this.#ports.call('auth.refresh', {}, {}));
      const { accessToken } = parseOutput('auth.refresh', data);
      await this.#ports.call('auth.logout', { everywhere }, { token: accessToken });
    } catch (thrown) {
      const error = RequestError.of(thrown);
      if (!isOver(error.code)) throw error;
    }
    this.#ports.flags.removeItem(pendingFlag);
    this.#end('here');
  }

  #adopt({ accessToken, expiresAt, account }: SignedIn): void {
    const other = this.#account?.id !== account.id;
    this.#token = accessToken;
    this.#goodUntil = this.#ports.now() + lifetime(expiresAt - this.#ports.now());
    this.#account = account;
    this.#status = 'signed-in';
    this.#reason = 'none';
    this.#trouble = null;
    this.#tries = 0;
    this.#schedule();
    if (!other) return;
    // Clear first: nothing of the account before may be seen by this one.
    this.#announce(null);
    this.#announce(account);
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    const wait = this.#goodUntil - earlyMs - this.#ports.now();
    this.#timer = setTimeout(() => this.#refreshNow(), Math.max(1_000, wait - this.#ports.random() * 10_000));
  }

  #refreshNow(): void {
    this.#refresh().catch(() => this.#later(() => this.#refreshNow()));
  }

  #later(task: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      task,
      backoff(this.#tries++, () => this.#ports.random()),
    );
  }

  #end(reason: EndReason): void {
    clearTimeout(this.#timer);
    this.#token = null;
    this.#account = null;
    this.#status = 'signed-out';
    this.#reason = reason;
    this.#trouble = null;
    this.#announce(null);
  }

  #announce(account: AccountView | null): void {
    for (const listener of this.#listeners) listener(account);
  }
}

function isOver(code: ErrorCode): boolean {
  return code === 'UNAUTHENTICATED' || code === 'SESSION_REVOKED' || code === 'FORBIDDEN' || code === 'NOT_FOUND';
}

/**
 * Believe the server's time to live when it is plausible by our clock: one that is off must neither stop refreshes nor flood the
 * server with them. A token that really ends sooner is refused, and then refreshed.
 */
function lifetime(remainingMs: number): number {
  const full = limits.accessTokenSeconds * 1_000;
  return remainingMs >= full / 3 && remainingMs <= full ? remainingMs : full;
}
