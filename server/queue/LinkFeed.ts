import { AppError } from '../../shared/errors.ts';
import { linkedPlace, type LinkedPlace } from '../../shared/contract/queueViews.ts';
import type { Revision } from '../../shared/contract/wire.ts';
import type { QueueEvent, QueueState } from '../../shared/state/queue.ts';
import type { ChannelSource } from '../hub/channels.ts';
import type { Publisher } from '../hub/publish.ts';
import type { StreamsOf } from '../store/streams/index.ts';
import type { Logger } from '../support/logger.ts';
import type { Arrivals } from './Arrivals.ts';
import type { QueueViews } from './QueueViews.ts';
import { whereNow } from './moved.ts';
import { Rounds } from './Rounds.ts';

export interface LinkFeedDeps {
  readonly arrivals: Arrivals;
  readonly queues: StreamsOf<QueueState, QueueEvent>;
  readonly views: QueueViews;
  readonly publisher: Publisher;
  readonly log: Logger;
  readonly now: () => number;
}

type Link = Awaited<ReturnType<Arrivals['linked']>>;

interface Seen {
  readonly rev: Revision;
  readonly state: LinkedPlace;
}

/** Waits change with time, and links end: so often they are looked at again, ms. */
const tickMs = 5_000;

/** A desk's revisions come after those of all desks before it, whatever their numbers. */
const desksApart = 1_000_000;

/** Places for whoever holds their link, without a sign-in; they follow their patient to other desks and are dark when the link is over. */
export class LinkFeed {
  readonly source: ChannelSource;
  readonly #deps: LinkFeedDeps;
  readonly #rounds: Rounds;
  /** Links that somebody here looks at, by session and by code. */
  readonly #watched = new Map<string, Map<string, Link>>();
  readonly #sent = new Map<string, string>();
  readonly #ticker: NodeJS.Timeout;

  constructor(deps: LinkFeedDeps) {
    this.#deps = deps;
    this.#rounds = new Rounds(deps.log);
    deps.queues.onCommit(({ key }) => {
      if (this.#watched.has(key)) this.#rounds.soon(key, () => this.#send(key));
    });
    this.#ticker = setInterval(() => this.#tick(), tickMs);
    this.#ticker.unref();
    this.source = {
      authorize: async (access, code) => {
        const { entryId, patientId } = await deps.arrivals.linked(code);
        access.about({ entryId, patientId });
      },
      current: async (code, _since, join) => {
        const link = await deps.arrivals.linked(code);
        join();
        this.#sent.delete(code);
        this.#watch(link.sessionId, code, link);
        const seen = (await this.#look([[code, link]])).get(code);
        if (!seen) throw new AppError('NOT_FOUND', 'no such place');
        return { kind: 'view', rev: seen.rev, state: seen.state };
      },
    };
  }

  async stop(): Promise<void> {
    clearInterval(this.#ticker);
    await this.#rounds.stop();
  }

  #tick(): void {
    const { publisher, now } = this.#deps;
    for (const [sessionId, links] of this.#watched) {
      for (const [code, { expiresAt }] of links) {
        const over = expiresAt <= now();
        if (over) publisher.end('linkedPlace', code);
        else if (publisher.viewers('linkedPlace', code) > 0) continue;
        links.delete(code);
        this.#sent.delete(code);
      }
      if (links.size === 0) this.#watched.delete(sessionId);
      else this.#rounds.soon(sessionId, () => this.#send(sessionId));
    }
  }

  #watch(sessionId: string, code: string, link: Link): void {
    const links = this.#watched.get(sessionId) ?? new Map<string, Link>();
    this.#watched.set(sessionId, links.set(code, link));
  }

  async #send(sessionId: string): Promise<void> {
    const seen = await this.#look([...(this.#watched.get(sessionId) ?? [])]);
    for (const [code, { rev, state }] of seen) {
      const text = JSON.stringify(state);
      if (this.#sent.get(code) === text) continue;
      this.#sent.set(code, text);
      this.#deps.publisher.view('linkedPlace', code, rev, state);
    }
  }

  /** The places as their links show them now; from here on their desks are watched for them. */
  async #look(links: readonly (readonly [string, Link])[]): Promise<Map<string, Seen>> {
    const { queues, views, now } = this.#deps;
    const found = await Promise.all(
      links.map(async ([code, link]) => ({ code, link, at: await whereNow(queues, link) })),
    );
    const seen = new Map<string, Seen>();
    for (const { code, link, at } of found) {
      for (const desk of [at.sessionId, at.next]) if (desk !== null) this.#watch(desk, code, link);
    }
    for (const sessionId of new Set(found.map(({ at }) => at.sessionId))) {
      const here = found.filter(({ at }) => at.sessionId === sessionId);
      const loaded = await queues.load(sessionId);
      const places = await views.places(sessionId, [...new Set(here.map(({ at }) => at.entryId))], loaded);
      const byEntry = new Map(places.map((place) => [place.entryId, place]));
      for (const { code, at } of here) {
        const place = byEntry.get(at.entryId);
        const rev: Revision = [loaded.epoch + at.moves * desksApart, loaded.seq, Math.floor(now() / 1000)];
        // Cut here already: the first answer does not pass the publisher.
        if (place) seen.set(code, { rev, state: linkedPlace.parse(place) });
      }
    }
    return seen;
  }
}
