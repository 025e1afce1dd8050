import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RequestError } from './RequestError.ts';
import { Session, type SessionPorts, type TabNews } from './session.svelte.ts';

const idOf = (name: string): string => `00000000-0000-4000-8000-${name.padEnd(12, '0').slice(0, 12)}`;
const minutes = 60_000;

/** A hub's auth door and a browser with several tabs: one cookie jar, one lock, one set of flags. */
class Browser {
  cookie: string | null = null;
  calls: string[] = [];
  inputs: object[] = [];
  /** The account asks for a code after the password. */
  twoSteps = false;
  fails: 'no' | 'network' = 'no';
  quietMs: number | undefined;
  /** The hub says that nobody was there. */
  idle = false;
  idleMs: number | null = null;
  clockOffMs = 0;
  flags = new Map<string, string>();
  tabs: Session[] = [];
  told: TabNews[] = [];
  #lock: Promise<unknown> = Promise.resolve();
  #running = 0;
  mostAtOnce = 0;

  open(): Session {
    const ports: SessionPorts = {
      call: (name, input, call) => {
        this.inputs.push(input);
        return this.#call(name, call.token ?? null);
      },
      exclusive: (task) => {
        const run = this.#lock.then(task);
        this.#lock = run.catch(() => undefined);
        return run;
      },
      tell: (news) => {
        this.told.push(news);
        for (const tab of this.tabs) if (tab !== session) tab.heard(news);
      },
      flags: {
        getItem: (key) => this.flags.get(key) ?? null,
        setItem: (key, value) => void this.flags.set(key, value),
        removeItem: (key) => void this.flags.delete(key),
      },
      now: () => Date.now() + this.clockOffMs,
      random: () => 0.5,
      quietMs: () => this.quietMs,
    };
    const session = new Session(ports);
    this.tabs.push(session);
    return session;
  }

  async #call(name: string, token: string | null): Promise<unknown> {
    this.calls.push(name);
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#running);
    await new Promise((resolve) => setTimeout(resolve, 10));
    this.#running--;
    if (this.fails === 'network') throw RequestError.unreachable();
    if (name === 'auth.login' && this.twoSteps) return { secondFactor: { token: 'half', expiresAt: 1 } };
    if (name === 'auth.login' || name === 'auth.secondFactor') this.cookie = 'asha';
    if (name === 'auth.logout') {
      if (token === null) throw new RequestError('UNAUTHENTICATED', 'no token', { traceId: 't' });
      this.cookie = null;
      return {};
    }
    if (name === 'auth.refresh' && this.idle) throw new RequestError('SESSION_IDLE', 'idle', { traceId: 't' });
    if (this.cookie === null) throw new RequestError('UNAUTHENTICATED', 'no cookie', { traceId: 't' });
    return {
      accessToken: `token-${this.calls.length}`,
      expiresAt: Date.now() + 15 * minutes,
      idleMs: this.idleMs,
      account: {
        id: idOf(this.cookie === 'asha' ? 'a' : 'b'),
        name: this.cookie,
        email: 'x@y.zz',
        roles: ['patient'],
        permissionSets: [],
        doctorState: null,
        patients: [],
        clinics: [],
      },
    };
  }
}

let browser: Browser;
const settle = (ms = 50): Promise<void> => vi.advanceTimersByTimeAsync(ms).then(() => undefined);

beforeEach(() => {
  vi.useFakeTimers();
  browser = new Browser();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('session', () => {
  it('starts signed in by the cookie and announces the account', async () => {
    browser.cookie = 'asha';
    const session = browser.open();
    const heard: (string | null)[] = [];
    session.onChange((account) => heard.push(account?.name ?? null));
    void session.start();
    expect(session.status).toBe('starting');
    await settle();
    expect([session.status, session.account?.name, heard]).toEqual(['signed-in', 'asha', [null, 'asha']]);
  });

  it('starts signed out without a cookie', async () => {
    const session = browser.open();
    void session.start();
    await settle();
    expect([session.status, session.reason]).toEqual(['signed-out', 'none']);
  });

  it('keeps starting while the server is unreachable, says so, and gets in once it is there', async () => {
    browser.cookie = 'asha';
    browser.fails = 'network';
    const session = browser.open();
    void session.start();
    await settle(3_000);
    expect([session.status, session.trouble?.code]).toEqual(['starting', 'UNAVAILABLE']);
    browser.fails = 'no';
    await settle(20_000);
    expect([session.status, session.trouble]).toEqual(['signed-in', null]);
  });

  it('is signed in after the second step where there is one, and tells the other tabs only then', async () => {
    browser.twoSteps = true;
    const [session, other] = [browser.open(), browser.open()];
    void other.start();
    await settle();
    const half = session.signIn('a@b.cc', 'x');
    await settle();
    expect(await half).toMatchObject({ token: 'half' });
    expect([session.account, browser.told]).toEqual([null, []]);
    void session.secondStep('half', '123456');
    await settle();
    expect([session.status, session.account?.name, other.account?.name]).toEqual(['signed-in', 'asha', 'asha']);
  });

  it('refreshes before the token ends, by itself', async () => {
    const session = browser.open();
    void session.signIn('a@b.cc', 'x');
    await settle();
    const first = await session.token();
    await settle(14.5 * minutes);
    expect(browser.calls).toEqual(['auth.login', 'auth.refresh']);
    expect(await session.token()).not.toBe(first);
  });

  it.each([-3 * 60 * minutes, 3 * 60 * minutes, 14.9 * minutes])(
    'is not upset by a clock that is off by %d ms',
    async (off) => {
      browser.clockOffMs = off;
      const session = browser.open();
      void session.signIn('a@b.cc', 'x');
      await settle();
      await settle(2 * minutes);
      expect(session.status).toBe('signed-in');
      expect(browser.calls.filter((call) => call === 'auth.refresh').length).toBeLessThanOrEqual(130);
      await settle(13 * minutes);
      expect(browser.calls).toContain('auth.refresh');
    },
  );

  it('shares one refresh among all that ask in a tab, and never runs two at once over tabs', async () => {
    browser.cookie = 'asha';
    const tabs = [browser.open(), browser.open(), browser.open()];
    for (const tab of tabs) void tab.start();
    await settle(100);
    browser.calls = [];
    const asked = tabs.flatMap((tab) => [tab.token(true), tab.token(true), tab.token(true)]);
    await settle(200);
    expect(new Set(await Promise.all(asked)).size).toBe(3);
    expect(browser.calls).toEqual(['auth.refresh', 'auth.refresh', 'auth.refresh']);
    expect(browser.mostAtOnce).toBe(1);
  });

  it('keeps the account when a refresh cannot reach the server, and ends when the server says it is over', async () => {
    const session = browser.open();
    void session.signIn('a@b.cc', 'x');
    await settle();
    browser.fails = 'network';
    const failed = session.token(true).catch((error: unknown) => error);
    await settle();
    expect(await failed).toMatchObject({ code: 'UNAVAILABLE' });
    expect(session.status).toBe('signed-in');
    browser.fails = 'no';
    browser.cookie = null;
    const asked = session.token(true);
    await settle();
    expect(await asked).toBeNull();
    expect([session.status, session.reason]).toEqual(['signed-out', 'ended']);
  });

  it('signs out at once, here and in the other tabs', async () => {
    browser.cookie = 'asha';
    const [one, two] = [browser.open(), browser.open()];
    for (const tab of browser.tabs) void tab.start();
    await settle();
    const done = one.signOut();
    await settle();
    await done;
    expect([one.status, one.reason, two.status, two.reason]).toEqual(['signed-out', 'here', 'signed-out', 'elsewhere']);
    expect(browser.cookie).toBeNull();
    expect(browser.flags.size).toBe(0);
  });

  it('finishes a sign-out that could not reach the server at the next page load, instead of signing in again', async () => {
    const session = browser.open();
    void session.signIn('a@b.cc', 'x');
    await settle();
    browser.fails = 'network';
    const done = session.signOut();
    await settle();
    await done;
    expect([session.status, session.account]).toEqual(['signed-out', null]);
    browser.fails = 'no';
    const reloaded = browser.open();
    void reloaded.start();
    await settle();
    expect([reloaded.status, browser.cookie, browser.flags.size]).toEqual(['signed-out', null, 0]);
  });

  it('follows another account that signed in in another tab, dropping what it had first', async () => {
    browser.cookie = 'asha';
    const session = browser.open();
    void session.start();
    await settle();
    const heard: (string | null)[] = [];
    session.onChange((account) => heard.push(account?.name ?? null));
    browser.cookie = 'ravi';
    session.heard({ type: 'signed-in', accountId: idOf('b') });
    await settle();
    expect(heard).toEqual([null, 'ravi']);
  });

  it('[A3] locks every tab when nobody is there, keeps the account, and goes on in all of them once its owner is back', async () => {
    browser.cookie = 'asha';
    browser.idleMs = 15 * minutes;
    const [one, two] = [browser.open(), browser.open()];
    for (const tab of browser.tabs) void tab.start();
    await settle();
    const heard: boolean[] = [];
    two.onLock((locked) => heard.push(locked));
    void one.lock();
    await settle();
    expect([one.locked, two.locked, browser.cookie]).toEqual([true, true, null]);
    expect([one.status, two.account?.name]).toEqual(['signed-in', 'asha']);
    expect(await two.token()).toBeNull();
    void one.signIn('a@b.cc', 'x');
    await settle();
    expect([one.locked, two.locked, heard]).toEqual([false, false, [true, false]]);
    expect(await two.token()).not.toBeNull();
  });

  it('[A3] says how long nobody was there, and locks when the hub finds that too long', async () => {
    browser.cookie = 'asha';
    browser.quietMs = 1234.5;
    const session = browser.open();
    void session.start();
    await settle();
    expect(browser.inputs.at(-1)).toEqual({ quietMs: 1235 });
    browser.idle = true;
    const asked = session.token(true);
    await settle();
    expect([await asked, session.locked, session.status]).toEqual([null, true, 'signed-in']);
  });

  it('[A3] an answer that was under way when it was locked opens nothing', async () => {
    browser.cookie = 'asha';
    const session = browser.open();
    void session.start();
    await settle();
    const asked = session.token(true);
    void session.lock();
    await settle();
    expect([await asked, session.locked, await session.token()]).toEqual([null, true, null]);
  });

  it('tells other tabs nothing but an opaque id', async () => {
    const session = browser.open();
    void session.signIn('a@b.cc', 'secret');
    await settle();
    expect(browser.told).toEqual([{ type: 'signed-in', accountId: idOf('a') }]);
    expect(browser.flags.size).toBe(0);
  });
});
