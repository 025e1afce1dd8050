import type { AuthSessions } from '../accounts/AuthSessions.ts';
import type { Authenticator } from '../accounts/Authenticator.ts';
import type { Account } from '../store/entities.ts';
import type { Repos } from '../store/Repos.ts';
import type { Streams } from '../store/streams/index.ts';
import { newId } from '../support/ids.ts';
import type { Logger } from '../support/logger.ts';
import type { Publisher } from './publish.ts';
import type { SocketDoor } from './socketDoor.ts';

export interface TailDeps {
  readonly streams: Streams;
  readonly sessions: AuthSessions;
  readonly authenticator: Authenticator;
  readonly repos: Repos;
  readonly publisher: Publisher;
  readonly sockets: SocketDoor;
  readonly log: Logger;
  readonly now: () => number;
  readonly intervalMs: number;
}

/** How far before the last look that got through each look goes back: covers clocks that differ, ms. */
const overlapMs = 60_000;
/** Access must be gone within 5 s of being taken away. */
const accessEveryMs = 2_000;
/** Timers fire a little early or late, ms. */
const slackMs = 20;

/**
 * What other hubs did, read from the database: their events, and access that was taken away. Works without any bus;
 * with one it is the net under it.
 */
export class Tail {
  readonly #deps: TailDeps;
  #timer: NodeJS.Timeout | null = null;
  #stopped = false;
  #tailAt = -Infinity;
  #accessAt = -Infinity;
  /** When the last look that got through began; what happened since then may be unknown here. */
  #readAt: number;
  #accessReadAt: number;
  readonly #handled = new Set<string>();
  #work: Promise<void> = Promise.resolve();

  constructor(deps: TailDeps) {
    this.#deps = deps;
    this.#readAt = deps.now();
    this.#accessReadAt = this.#readAt;
    this.#schedule();
  }

  /** Looks now, beside the rhythm: messages of other hubs may have been missed. */
  catchUp(): void {
    if (this.#stopped) return;
    this.#tailAt = -Infinity;
    this.#accessAt = -Infinity;
    this.#work = this.#work
      .then(() => this.#look())
      .catch((error: unknown) => this.#deps.log.warn({ err: error }, 'tail not read; trying again'));
  }

  /** A sign-in session ended, here or elsewhere. */
  signedOut(sid: string): void {
    this.#deps.authenticator.forget(sid);
    this.#deps.publisher.disconnectSession(sid);
  }

  /** What an account may do has changed: its sockets here are checked at once. */
  async accessChanged(accountId: string): Promise<void> {
    const account = await this.#deps.repos.accounts.get(accountId);
    if (account) await this.#recheck(account);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer) clearTimeout(this.#timer);
    await this.#work;
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(
      () => {
        this.#work = this.#work
          .then(() => this.#look())
          .catch((error: unknown) => this.#deps.log.warn({ err: error }, 'tail not read; trying again'))
          .finally(() => this.#schedule());
      },
      Math.min(this.#deps.intervalMs, accessEveryMs),
    );
  }

  async #look(): Promise<void> {
    const now = this.#deps.now();
    const moment = performance.now();
    if (moment - this.#tailAt >= this.#deps.intervalMs - slackMs) {
      this.#tailAt = moment;
      await this.#deps.streams.readTails(this.#readAt - overlapMs);
      this.#readAt = now;
    }
    // However rarely tails are read: what may not be seen any more is a matter of seconds.
    if (moment - this.#accessAt < accessEveryMs - slackMs) return;
    this.#accessAt = moment;
    await this.#closeRevoked(this.#accessReadAt - overlapMs);
    await this.#recheckAccess(this.#accessReadAt - overlapMs);
    this.#accessReadAt = now;
    const { publisher, streams } = this.#deps;
    streams.forgetIdle((stream) => publisher.viewers(...split(stream)) > 0);
  }

  async #closeRevoked(since: number): Promise<void> {
    const here = new Set([...this.#deps.sockets.connected.values()].map((one) => one.sid));
    if (here.size === 0) return;
    for (const sid of await this.#deps.sessions.endedSince(since)) {
      if (!here.has(sid)) continue;
      this.signedOut(sid);
    }
  }

  async #recheckAccess(since: number): Promise<void> {
    const changed = await this.#deps.repos.accounts.many({ accessChangedAt: { $gt: since } });
    for (const account of changed) {
      const mark = `${account._id}:${account.accessChangedAt}`;
      if (this.#handled.has(mark)) continue;
      if (this.#handled.size > 10_000) this.#handled.clear();
      this.#handled.add(mark);
      await this.#recheck(account);
    }
  }

  async #recheck(account: Account): Promise<void> {
    for (const { accountId, sid, subscriptions } of this.#deps.sockets.connected.values()) {
      if (accountId !== account._id) continue;
      this.#deps.authenticator.forget(sid);
      await subscriptions.recheck({ account, sid }, newId());
    }
  }
}

function split(stream: string): [string, string] {
  const at = stream.indexOf(':');
  return [stream.slice(0, at), stream.slice(at + 1)];
}
