import { AppError } from '../../shared/errors.ts';
import { linkedPlace } from '../../shared/contract/queueViews.ts';
import type { Revision } from '../../shared/contract/wire.ts';
import type { QueueEvent, QueueState } from '../../shared/state/queue.ts';
import type { ChannelSource } from '../hub/channels.ts';
import type { Publisher } from '../hub/publish.ts';
import type { StreamsOf } from '../store/streams/index.ts';
import type { Logger } from '../support/logger.ts';
import type { Arrivals } from './Arrivals.ts';
import type { QueueViews } from './QueueViews.ts';
import { Rounds } from './Rounds.ts';

export interface LinkFeedDeps {
  readonly arrivals: Arrivals;
  readonly queues: StreamsOf<QueueState, QueueEvent>;
  readonly views: QueueViews;
  readonly publisher: Publisher;
  readonly log: Logger;
  readonly now: () => number;
}

interface Link {
  readonly entryId: string;
  readonly sessionId: string;
  readonly expiresAt: number;
}

/** Waits change with time, and links end: so often they are looked at again, ms. */
const tickMs = 5_000;

/** Places for whoever holds their link, without a sign-in; dark when the link is over. */
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
      authorize: async (_access, code) => void (await deps.arrivals.ofLink(code)),
      current: async (code, _since, join) => {
        const { _id: entryId, sessionId, linkExpiresAt: expiresAt } = await deps.arrivals.ofLink(code);
        join();
        const links = this.#watched.get(sessionId) ?? new Map<string, Link>();
        this.#watched.set(sessionId, links.set(code, { entryId, sessionId, expiresAt }));
        this.#sent.delete(code);
        const [found] = await this.#states(sessionId, [entryId]);
        if (!found) throw new AppError('NOT_FOUND', 'no such place');
        return { kind: 'view', rev: found.rev, state: found.state };
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

  async #send(sessionId: string): Promise<void> {
    const links = [...(this.#watched.get(sessionId) ?? [])];
    const found = await this.#states(sessionId, [...new Set(links.map(([, link]) => link.entryId))]);
    for (const { rev, state, of } of found) {
      const text = JSON.stringify(state);
      for (const [code, { entryId }] of links) {
        if (entryId !== of || this.#sent.get(code) === text) continue;
        this.#sent.set(code, text);
        this.#deps.publisher.view('linkedPlace', code, rev, state);
      }
    }
  }

  async #states(sessionId: string, entryIds: readonly string[]) {
    const { queues, views, now } = this.#deps;
    const loaded = await queues.load(sessionId);
    const rev: Revision = [loaded.epoch, loaded.seq, Math.floor(now() / 1000)];
    const places = await views.places(sessionId, entryIds, loaded);
    // Cut here already: the first answer does not pass the publisher.
    return places.map((place) => ({ rev, of: place.entryId, state: linkedPlace.parse(place) }));
  }
}
