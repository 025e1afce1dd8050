import type { News } from '../hub/news.ts';
import type { Publisher } from '../hub/publish.ts';
import type { PatientKeys } from '../keys/PatientKeys.ts';
import type { Repos } from '../store/Repos.ts';
import type { Streams } from '../store/streams/index.ts';
import type { Logger } from '../support/logger.ts';

export interface ErasureFeedDeps {
  readonly repos: Repos;
  readonly keys: PatientKeys;
  readonly streams: Streams;
  readonly publisher: Publisher;
  readonly news: News;
  readonly log: Logger;
  readonly now: () => number;
  /** How often erasures by other hubs are looked for, ms: the net under the bus. */
  readonly intervalMs: number;
}

/** Clocks of hubs may differ by this much, ms. */
const overlapMs = 60_000;
/** Queues in which the patient may still be seen. */
const recentPlaces = 20;

/** Takes what is in memory of somebody who was erased out of it, and out of the pages that are open, on every hub. */
export class ErasureFeed {
  readonly #deps: ErasureFeedDeps;
  readonly #handled = new Map<string, number>();
  readonly #ticker: NodeJS.Timeout;
  #lookedAt: number;
  #work: Promise<void> = Promise.resolve();

  constructor(deps: ErasureFeedDeps) {
    this.#deps = deps;
    this.#lookedAt = deps.now();
    deps.news.hear('erased', ({ patientId }) => this.#later(() => this.#forget(patientId)));
    this.#ticker = setInterval(() => this.#later(() => this.#look()), deps.intervalMs);
    this.#ticker.unref();
  }

  /** This hub has erased a patient. */
  erased(patientId: string): void {
    this.#deps.news.tell('erased', { patientId });
    this.#later(() => this.#forget(patientId));
  }

  async stop(): Promise<void> {
    clearInterval(this.#ticker);
    await this.#work;
  }

  #later(step: () => Promise<void>): void {
    this.#work = this.#work
      .then(step)
      .catch((error: unknown) => this.#deps.log.warn({ err: error }, 'an erasure was not followed; trying again'));
  }

  async #look(): Promise<void> {
    const from = this.#lookedAt - overlapMs;
    const at = this.#deps.now();
    for (const { _id, at: erasedAt } of await this.#deps.repos.erasures.many({ at: { $gt: from } })) {
      if (this.#handled.get(_id) === erasedAt) continue;
      await this.#forget(_id);
      this.#handled.set(_id, erasedAt);
    }
    this.#lookedAt = at;
    if (this.#handled.size > 10_000) this.#handled.clear();
  }

  async #forget(patientId: string): Promise<void> {
    const { repos, keys, streams, publisher } = this.#deps;
    keys.forget(patientId);
    for (const { _id } of await repos.threads.many({ patientId })) {
      await streams.reread(`chat:${_id}`);
      publisher.resync('chat', _id);
    }
    const places = await repos.places.many({ patientId }, { sort: { createdAt: -1 }, limit: recentPlaces });
    for (const sessionId of new Set(places.map((place) => place.sessionId))) publisher.resync('directory', sessionId);
  }
}
