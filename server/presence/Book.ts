import { bestOf, type Connection } from '../../shared/state/presence.ts';

interface Here {
  readonly accountId: string;
  away: boolean;
}

/** The connected accounts of one hub. */
export type Roll = ReadonlyMap<string, Exclude<Connection, 'offline'>>;

/**
 * Who is connected, here and at other hubs: one entry per socket of ours, one roll per other hub. In memory; the
 * register writes and reads what hubs share.
 */
export class PresenceBook {
  readonly #sockets = new Map<string, Here>();
  readonly #byAccount = new Map<string, Set<Here>>();
  readonly #elsewhere = new Map<string, Roll>();
  readonly #listeners: ((accountId: string) => void)[] = [];
  readonly #leaving = new Set<NodeJS.Timeout>();
  readonly #graceMs: number;

  /** @param graceMs how long a closed socket still counts: a page that is loaded anew should not flicker. */
  constructor(graceMs: number) {
    this.#graceMs = graceMs;
  }

  /** Called with every account whose connection may have changed, here or elsewhere. */
  onChange(listener: (accountId: string) => void): void {
    this.#listeners.push(listener);
  }

  connected(socketId: string, accountId: string): void {
    const here: Here = { accountId, away: false };
    this.#sockets.set(socketId, here);
    const all = this.#byAccount.get(accountId) ?? new Set();
    this.#byAccount.set(accountId, all.add(here));
    this.#changed(accountId);
  }

  setAway(socketId: string, away: boolean): void {
    const here = this.#sockets.get(socketId);
    if (!here || here.away === away) return;
    here.away = away;
    this.#changed(here.accountId);
  }

  gone(socketId: string): void {
    const here = this.#sockets.get(socketId);
    if (!here) return;
    this.#sockets.delete(socketId);
    const timer = setTimeout(() => {
      this.#leaving.delete(timer);
      const all = this.#byAccount.get(here.accountId);
      all?.delete(here);
      if (all?.size === 0) this.#byAccount.delete(here.accountId);
      this.#changed(here.accountId);
    }, this.#graceMs);
    this.#leaving.add(timer);
  }

  /** What another hub's roll says now; null when that hub is no more. */
  setElsewhere(hub: string, roll: Roll | null): void {
    const before: Roll = this.#elsewhere.get(hub) ?? new Map();
    if (roll) this.#elsewhere.set(hub, roll);
    else this.#elsewhere.delete(hub);
    const now: Roll = roll ?? new Map();
    for (const accountId of new Set([...before.keys(), ...now.keys()])) {
      if (before.get(accountId) !== now.get(accountId)) this.#changed(accountId);
    }
  }

  /** Over all hubs. */
  connectionOf(accountId: string): Connection {
    const elsewhere = [...this.#elsewhere.values()].map((roll) => roll.get(accountId) ?? 'offline');
    return bestOf([this.hereOf(accountId), ...elsewhere]);
  }

  /** At this hub alone. */
  hereOf(accountId: string): Connection {
    const all = this.#byAccount.get(accountId);
    return all ? bestOf([...all].map((here) => (here.away ? 'away' : 'online'))) : 'offline';
  }

  accountsHere(): Iterable<string> {
    return this.#byAccount.keys();
  }

  stop(): void {
    for (const timer of this.#leaving) clearTimeout(timer);
    this.#leaving.clear();
  }

  #changed(accountId: string): void {
    for (const listener of this.#listeners) listener(accountId);
  }
}
