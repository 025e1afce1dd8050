import type { AccountView, SignedIn } from '../../../shared/contract/accounts.ts';
import type { CallOf, OutputOf } from '../../../shared/contract/index.ts';
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
  /** How long nobody has touched this device, ms; undefined when that is not known. */
  quietMs(): number | undefined;
}
export type TabNews = { type: 'signed-in'; accountId: string } | { type: 'signed-out' } | { type: 'locked' };
/** What is still asked for after a first step. */
export type Asked = { readonly secondFactor: { token: string } } | { readonly signUp: { token: string } };
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
  #locked = $state(false);
  #idleMs = $state<number | null>(null);
  #ports: SessionPorts;
  #token: string | null = null;
  #goodUntil = 0;
  #refreshing: Promise<string | null> | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #tries = 0;
  #listeners: SessionListener[] = [];
  /** The end of a locked sign-in, under way: its answer takes the cookie away, so a new one waits for it. */
  #leaving: Promise<unknown> = Promise.resolve();
  #lockListeners: ((locked: boolean) => void)[] = [];

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
  /** Nobody was here: the account is still known, but nothing of it may be seen or done until its owner shows who they are. */
  get locked(): boolean {
    return this.#locked;
  }
  /** After how long without anybody this sign-in ends, ms; null: it does not. */
  get idleMs(): number | null {
    return this.#idleMs;
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

  /** Hear when the page is locked or unlocked. */
  onLock(listener: (locked: boolean) => void): void {
    this.#lockListeners.push(listener);
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
    await this.#leaving;
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

  /** @throws RequestError, e.g. RATE_LIMITED, UNAVAILABLE where no codes are sent. */
  async requestCode(input: CallOf<'auth.requestCode'>): Promise<OutputOf<'auth.requestCode'>> {
    return parseOutput('auth.requestCode', await this.#ports.call('auth.requestCode', input, {}));
  }

  /** @returns null when signed in; else what is asked for next. @throws RequestError, e.g. WRONG_CODE, CODE_EXPIRED. */
  async useCode(challengeId: string, code: string): Promise<Asked | null> {
    return this.#enterOr(
      parseOutput('auth.useCode', await this.#ports.call('auth.useCode', { challengeId, code }, {})),
    );
  }

  async signUp(token: string, name: string): Promise<Asked | null> {
    return this.#enterOr(parseOutput('auth.signUp', await this.#ports.call('auth.signUp', { token, name }, {})));
  }

  #enterOr(answer: SignedIn | Asked): Asked | null {
    if (!('account' in answer)) return answer;
    this.#enter(answer);
    return null;
  }

  #enter(signedIn: SignedIn): void {
    this.#ports.flags.removeItem(pendingFlag);
    this.#adopt(signedIn);
    this.#ports.tell({ type: 'signed-in', accountId: signedIn.account.id });
  }

  /** Nobody is here: ends the sign-in on the server, and keeps the page for its owner to go on. */
  async lock(): Promise<void> {
    if (this.#status !== 'signed-in' || this.#locked) return;
    const token = this.#token;
    this.#lock();
    this.#ports.tell({ type: 'locked' });
    // When it cannot be reached it ends the sign-in by itself.
    if (token !== null)
      this.#leaving = this.#ports.call('auth.logout', { everywhere: false }, { token }).catch(() => undefined);
    await this.#leaving;
  }

  /** Somebody is here: the hub hears of it. */
  async stay(): Promise<void> {
    if (this.#status === 'signed-in' && !this.#locked) await this.#refresh();
  }

  #lock(): void {
    clearTimeout(this.#timer);
    this.#token = null;
    this.#setLocked(true);
  }

  #setLocked(locked: boolean): void {
    if (this.#locked === locked) return;
    this.#locked = locked;
    for (const listener of this.#lockListeners) listener(locked);
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
    if (this.#locked || (this.#status !== 'signed-in' && !this.#refreshing)) return null;
    if (!force && this.#token !== null && this.#ports.now() < this.#goodUntil - earlyMs / 2) return this.#token;
    return this.#refresh();
  }

  /** Another tab signed in or out. */
  heard(news: TabNews): void {
    if (news.type === 'signed-out') {
      if (this.#status !== 'signed-out') this.#end('elsewhere');
    } else if (news.type === 'locked') {
      if (this.#status === 'signed-in') this.#lock();
    } else if (this.#locked || news.accountId !== this.#account?.id) {
      this.#refresh().catch(() => this.#end('elsewhere'));
    }
  }

  /** One at a time in this tab (shared promise) and over all tabs (lock): each refresh rotates the cookie. */
  #refresh(): Promise<string | null> {
    const wasLocked = this.#locked;
    this.#refreshing ??= this.#ports
      .exclusive(async () => {
        const quietMs = this.#ports.quietMs();
        const input = quietMs === undefined ? {} : { quietMs: Math.round(quietMs) };
        return parseOutput('auth.refresh', await this.#ports.call('auth.refresh', input, {}));
      })
      .then(
        (signedIn) => {
          this.#refreshing = null;
          if (this.#ports.flags.getItem(pendingFlag) !== null && this.#status === 'signed-out') return null;
          // Locked while it was under way: its answer opens nothing.
          if (this.#locked && !wasLocked) return null;
          this.#adopt(signedIn);
          return signedIn.accessToken;
        },
        (thrown: unknown) => {
          this.#refreshing = null;
          const error = RequestError.of(thrown);
          if (error.code === 'SESSION_IDLE' && this.#status === 'signed-in') {
            this.#lock();
            return null;
          }
          if (!isOver(error.code)) throw error;
          // Locked, its sign-in has ended already; the page waits for its owner.
          if (this.#locked) return null;
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

  #adopt({ accessToken, expiresAt, account, idleMs }: SignedIn): void {
    const other = this.#account?.id !== account.id;
    this.#token = accessToken;
    this.#goodUntil = this.#ports.now() + lifetime(expiresAt - this.#ports.now());
    this.#account = account;
    this.#idleMs = idleMs;
    this.#status = 'signed-in';
    this.#reason = 'none';
    this.#trouble = null;
    this.#tries = 0;
    this.#schedule();
    if (!other) {
      this.#setLocked(false);
      return;
    }
    // Clear first: nothing of the account before may be seen by this one.
    this.#announce(null);
    this.#announce(account);
    this.#setLocked(false);
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
    this.#idleMs = null;
    this.#setLocked(false);
  }

  #announce(account: AccountView | null): void {
    for (const listener of this.#listeners) listener(account);
  }
}

function isOver(code: ErrorCode): boolean {
  return (
    code === 'UNAUTHENTICATED' ||
    code === 'SESSION_REVOKED' ||
    code === 'SESSION_IDLE' ||
    code === 'FORBIDDEN' ||
    code === 'NOT_FOUND'
  );
}

/**
 * Believe the server's time to live when it is plausible by our clock: one that is off must neither stop refreshes nor flood the
 * server with them. A token that really ends sooner is refused, and then refreshed.
 */
function lifetime(remainingMs: number): number {
  const full = limits.accessTokenSeconds * 1_000;
  return remainingMs >= full / 3 && remainingMs <= full ? remainingMs : full;
}
