import type { Actor } from '../store/Access.ts';
import type { Account } from '../store/entities.ts';
import type { Repos } from '../store/Repos.ts';
import type { AuthSessions } from './AuthSessions.ts';
import type { Tokens } from './Tokens.ts';

/** How long a changed role or a revoked session may still be believed here, ms. */
const trustMs = 2_000;
const maxEntries = 20_000;

interface Known {
  readonly account: Account | null;
  readonly live: boolean;
  readonly until: number;
}

/** Turns an access token into an actor. Remembers sessions for two seconds, so that a busy client costs one look-up. */
export class Authenticator {
  readonly #known = new Map<string, Known>();
  #forgotten = 0;
  readonly #deps: { tokens: Tokens; sessions: AuthSessions; repos: Repos; now: () => number };

  constructor(deps: { tokens: Tokens; sessions: AuthSessions; repos: Repos; now: () => number }) {
    this.#deps = deps;
  }

  /** The actor of a bearer token, or null when it is invalid, expired, revoked, or its account is gone. */
  async byToken(token: string): Promise<Actor | null> {
    const claims = await this.#deps.tokens.verifyAccess(token, this.#deps.now());
    return claims ? await this.bySession(claims.accountId, claims.sid) : null;
  }

  async bySession(accountId: string, sid: string): Promise<Actor | null> {
    const now = this.#deps.now();
    const forgotten = this.#forgotten;
    let known = this.#known.get(sid);
    if (!known || known.until <= now) {
      const [session, account] = await Promise.all([
        this.#deps.sessions.isLive(sid),
        this.#deps.repos.accounts.get(accountId),
      ]);
      known = { account, live: session, until: now + trustMs };
      if (this.#known.size >= maxEntries) this.#known.clear();
      // Somebody was forgotten while we read: what was read may be from before that.
      if (forgotten === this.#forgotten) this.#known.set(sid, known);
    }
    const inUse = known.live && known.account?.deactivatedAt === undefined;
    return inUse && known.account?._id === accountId ? { account: known.account, sid } : null;
  }

  forget(sid: string): void {
    this.#forgotten += 1;
    this.#known.delete(sid);
  }
}
