import type { Collection, Db } from 'mongodb';
import { z } from 'zod';
import type { News } from '../hub/news.ts';
import type { Doc } from '../store/mongo.ts';
import type { Logger } from '../support/logger.ts';
import type { PresenceBook } from './Book.ts';

export interface RegisterDeps {
  readonly db: Db;
  /** This hub's id, new at every boot. */
  readonly hub: string;
  readonly book: PresenceBook;
  readonly news: News;
  readonly log: Logger;
  readonly now: () => number;
  readonly heartbeatMs: number;
  /** Fingerprint of the master key this hub wraps with: a rotation waits until every hub says the new one. */
  readonly masterKey: string;
}

/** A hub's sign of life, and which version its pages are at. */
const pulse = z.object({ _id: z.string(), beat: z.int(), version: z.int(), at: z.number(), everyMs: z.int() });
/** Part of a hub's roll: account ids are spread over sixteen pages, so that a change rewrites a sixteenth. */
const page = z.object({ _id: z.string(), version: z.int(), online: z.array(z.string()), away: z.array(z.string()) });
type Page = z.infer<typeof page>;

/** Another hub as this one knows it. */
interface Known {
  beat: number;
  version: number;
  everyMs: number;
  /** When its beat was last seen to change, by our own clock: clocks of machines need not agree. */
  changedAt: number;
  readonly pages: Map<string, Page>;
}

/** Changes this close together are one write, ms. */
const gatherMs = 250;
/** A hub whose beat stood still for so many of its heartbeats is dead. */
const patience = 2.5;
const forgetMs = 60_000;

/**
 * What hubs know of each other's connections, in the database: a pulse per hub and its roll in pages. Each hub writes only
 * its own; one whose pulse stands still is gone with all who were connected to it. The bus only says "read me again", so that
 * without it everything is as right, one heartbeat later.
 */
export class PresenceRegister {
  readonly #deps: RegisterDeps;
  readonly #rolls: Collection<Doc>;
  readonly #known = new Map<string, Known>();
  readonly #dead = new Map<string, number>();
  readonly #own = new Map<string, Page>();
  readonly #dirty = new Set<string>();
  readonly #timer: NodeJS.Timeout;
  #gather: NodeJS.Timeout | null = null;
  #beat = 0;
  #version = 0;
  #readFailed = false;
  #stopped = false;
  #work: Promise<void> = Promise.resolve();

  constructor(deps: RegisterDeps) {
    this.#deps = deps;
    this.#rolls = deps.db.collection<Doc>('presence');
    deps.book.onChange((accountId) => this.#changed(accountId));
    deps.news.hear('presence', () => this.#later(() => this.#read()));
    this.#timer = setInterval(() => this.#later(() => this.#round()), deps.heartbeatMs);
    this.#timer.unref();
    this.#later(() => this.#round());
  }

  /** Takes this hub's pages away: who was connected to it is somewhere else, or gone. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    if (this.#gather) clearTimeout(this.#gather);
    await this.#work;
    const { hub, news } = this.#deps;
    await this.#remove(hub).catch(() => undefined);
    news.tell('presence', { hub, version: 0 });
  }

  #changed(accountId: string): void {
    const { book } = this.#deps;
    const letter = pageOf(accountId);
    // Only what this hub itself has to say is written.
    if (!this.#dirty.has(letter) && book.hereOf(accountId) === this.#written(accountId, letter)) return;
    this.#dirty.add(letter);
    if (this.#stopped) return;
    this.#gather ??= setTimeout(() => {
      this.#gather = null;
      this.#later(() => this.#write());
    }, gatherMs);
  }

  /** What the pages say of an account since they were last written. */
  #written(accountId: string, letter: string) {
    const own = this.#own.get(letter);
    if (own?.online.includes(accountId)) return 'online';
    return own?.away.includes(accountId) ? 'away' : 'offline';
  }

  #later(step: () => Promise<void>): void {
    if (this.#stopped) return;
    this.#work = this.#work
      .then(step)
      .catch((error: unknown) => this.#deps.log.warn({ err: error }, 'presence not shared; the next heartbeat will'));
  }

  async #round(): Promise<void> {
    await this.#write();
    await this.#read();
  }

  async #write(): Promise<void> {
    const { hub, news, now, heartbeatMs, masterKey } = this.#deps;
    const letters = [...this.#dirty];
    if (letters.length > 0) {
      const version = this.#version + 1;
      const pages = this.#makePages(letters, version);
      await this.#rolls.bulkWrite(
        pages.map((one) => ({
          replaceOne: { filter: { _id: one._id }, replacement: { ...one, hub }, upsert: true },
        })),
        { ordered: false },
      );
      for (const [i, letter] of letters.entries()) {
        const written = pages[i];
        if (written) this.#own.set(letter, written);
        this.#dirty.delete(letter);
      }
      this.#version = version;
    }
    const sign = { beat: ++this.#beat, version: this.#version, at: now(), everyMs: heartbeatMs, key: masterKey };
    const { upsertedCount } = await this.#rolls.updateOne({ _id: hub }, { $set: sign }, { upsert: true });
    if (upsertedCount > 0 && this.#beat > 1) {
      // Others took us for dead and cleared up: write everything again.
      for (const letter of this.#own.keys()) this.#dirty.add(letter);
      if (this.#dirty.size > 0) return await this.#write();
    }
    if (letters.length > 0) news.tell('presence', { hub, version: this.#version });
  }

  #makePages(letters: readonly string[], version: number): Page[] {
    const { book, hub } = this.#deps;
    const pages = new Map(
      letters.map((letter): [string, Page] => [letter, { _id: `${hub}/${letter}`, version, online: [], away: [] }]),
    );
    for (const accountId of book.accountsHere()) {
      const connection = book.hereOf(accountId);
      if (connection !== 'offline') pages.get(pageOf(accountId))?.[connection].push(accountId);
    }
    return [...pages.values()];
  }

  async #read(): Promise<void> {
    const { hub, now } = this.#deps;
    const found = await this.#rolls
      .find({ beat: { $exists: true } })
      .toArray()
      .catch((error: unknown) => {
        this.#readFailed = true;
        throw error;
      });
    if (this.#readFailed) {
      // Nobody could write either: everybody gets a new while before being taken for dead.
      for (const known of this.#known.values()) known.changedAt = performance.now();
      this.#readFailed = false;
    }
    const pulses = found.map((doc) => pulse.parse(doc)).filter((one) => one._id !== hub);
    const present = new Set(pulses.map((one) => one._id));
    for (const id of this.#known.keys()) if (!present.has(id)) this.#bury(id);
    for (const id of this.#dead.keys()) if (!present.has(id)) this.#dead.delete(id);
    for (const one of pulses) await this.#follow(one, now());
  }

  async #follow(seen: z.infer<typeof pulse>, now: number): Promise<void> {
    const { _id: id, beat, version, everyMs } = seen;
    let known = this.#known.get(id);
    if (!known) {
      const last = this.#dead.get(id);
      // Met for the first time: believed by its clock; later only by its pulse.
      const alive = last === undefined ? now - seen.at < patience * everyMs : last !== beat;
      if (!alive) return await this.#keepDead(id, beat, now - seen.at);
      known = { beat, version: -1, everyMs, changedAt: performance.now(), pages: new Map() };
      this.#known.set(id, known);
      this.#dead.delete(id);
    }
    if (known.beat !== beat) Object.assign(known, { beat, changedAt: performance.now() });
    if (performance.now() - known.changedAt > patience * everyMs) {
      this.#bury(id);
      this.#dead.set(id, beat);
      return;
    }
    if (known.version === version) return;
    const pages = await this.#rolls.find({ hub: id, version: { $gt: known.version } }).toArray();
    for (const doc of pages) {
      const read = page.parse(doc);
      known.pages.set(read._id, read);
    }
    known.version = version;
    this.#deps.book.setElsewhere(id, rollOf(known.pages.values()));
  }

  async #keepDead(id: string, beat: number, silentMs: number): Promise<void> {
    this.#dead.set(id, beat);
    if (silentMs > forgetMs) await this.#remove(id);
  }

  #bury(id: string): void {
    this.#known.delete(id);
    this.#deps.book.setElsewhere(id, null);
  }

  async #remove(id: string): Promise<void> {
    await this.#rolls.deleteMany({ hub: id });
    await this.#rolls.deleteOne({ _id: id });
  }
}

function pageOf(accountId: string): string {
  return accountId.slice(-1);
}

function rollOf(pages: Iterable<Page>): Map<string, 'online' | 'away'> {
  const roll = new Map<string, 'online' | 'away'>();
  for (const { online, away } of pages) {
    for (const accountId of away) roll.set(accountId, 'away');
    for (const accountId of online) roll.set(accountId, 'online');
  }
  return roll;
}
