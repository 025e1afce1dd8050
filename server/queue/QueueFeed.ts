import type { ViewName } from '../../shared/contract/index.ts';
import type { Place } from '../../shared/contract/queue.ts';
import { AppError } from '../../shared/errors.ts';
import type { Position, Revision, Subscribed } from '../../shared/contract/wire.ts';
import { isActive, queueState, type QueueEvent, type QueueState } from '../../shared/state/queue.ts';
import type { ChannelSource, ChannelSources } from '../hub/channels.ts';
import type { Publisher } from '../hub/publish.ts';
import { streamStart } from '../hub/streamStart.ts';
import type { Repos } from '../store/Repos.ts';
import type { CommitNotice, Loaded, StreamsOf } from '../store/streams/index.ts';
import type { Logger } from '../support/logger.ts';
import type { QueueViews } from './QueueViews.ts';

export interface QueueFeedDeps {
  readonly queues: StreamsOf<QueueState, QueueEvent>;
  readonly views: QueueViews;
  readonly repos: Repos;
  readonly publisher: Publisher;
  readonly log: Logger;
  readonly now: () => number;
}

/** Waits change with time even when nothing happens; so often they are looked at again, ms. */
const tickMs = 5_000;
/** Changes of one queue this close together make one round of views, ms. */
const settleMs = 25;

/** Carries queue events to those who look: the desk gets the stream, everybody else their own view of it. */
export class QueueFeed {
  readonly sources: Pick<ChannelSources, 'queue' | 'directory' | 'place' | 'myPlaces' | 'lobby'>;
  readonly #deps: QueueFeedDeps;
  readonly #sent = new Map<string, string>();
  readonly #dirty = new Map<string, NodeJS.Timeout>();
  readonly #ticker: NodeJS.Timeout;
  #work: Promise<void> = Promise.resolve();

  constructor(deps: QueueFeedDeps) {
    this.#deps = deps;
    deps.queues.onCommit((notice) => this.#committed(notice));
    // A list of one's own places changes with queues that nobody here looks at.
    deps.queues.followAll(() => deps.publisher.watchedKeys('myPlaces').length > 0);
    this.#ticker = setInterval(() => this.#later(() => this.#tick()), tickMs);
    this.#ticker.unref();
    this.sources = this.#makeSources();
  }

  /** A desk of this clinic opened or closed. */
  desksChanged(clinicId: string): void {
    this.#later(() => this.#sendLobby(clinicId));
  }

  async stop(): Promise<void> {
    clearInterval(this.#ticker);
    for (const timer of this.#dirty.values()) clearTimeout(timer);
    this.#dirty.clear();
    await this.#work;
  }

  #committed(notice: CommitNotice<QueueState, QueueEvent>): void {
    const sessionId = notice.key;
    this.#deps.publisher.events('queue', sessionId, notice.epoch, notice.events);
    const { events, state } = notice;
    const people = new Set<string>();
    for (const event of events) {
      const entry = state.entries[event.data.entryId];
      if (entry && (event.type === 'joined' || !isActive(entry.state))) people.add(entry.patientId);
    }
    if (people.size > 0) this.#later(() => this.#sendMyPlaces([...people]));
    if (events.some((event) => event.type === 'joined')) this.#later(() => this.#sendDirectory(sessionId));
    if (this.#dirty.has(sessionId)) return;
    this.#dirty.set(
      sessionId,
      setTimeout(() => {
        this.#dirty.delete(sessionId);
        this.#later(() => this.#sendViews(sessionId));
      }, settleMs),
    );
  }

  /** One after another: views of a queue leave in the order of its changes. */
  #later(step: () => Promise<void>): void {
    this.#work = this.#work
      .then(step)
      .catch((error: unknown) =>
        this.#deps.log.warn({ err: error }, 'a view was not sent; the next change or tick will'),
      );
  }

  async #tick(): Promise<void> {
    const { publisher, repos } = this.#deps;
    const watched = publisher.watchedKeys('place');
    if (watched.length > 0) {
      const claims = await repos.places.many({ _id: { $in: watched } });
      for (const sessionId of new Set(claims.map((claim) => claim.sessionId))) await this.#sendPlaces(sessionId);
    }
    for (const clinicId of publisher.watchedKeys('lobby')) await this.#sendLobby(clinicId);
    if (this.#sent.size > 50_000) this.#sent.clear();
  }

  async #sendViews(sessionId: string): Promise<void> {
    await this.#sendPlaces(sessionId);
    const clinicId = await this.#deps.views.clinicOf(sessionId);
    if (clinicId !== null) await this.#sendLobby(clinicId);
  }

  async #sendPlaces(sessionId: string): Promise<void> {
    const { queues, views, publisher } = this.#deps;
    const loaded = await queues.load(sessionId);
    const watched = Object.keys(loaded.state.entries).filter((entryId) => publisher.viewers('place', entryId) > 0);
    if (watched.length === 0) return;
    const rev = this.#revision(loaded);
    for (const place of await views.places(sessionId, watched, loaded)) {
      if (this.#changed(`place:${place.entryId}`, place)) publisher.view('place', place.entryId, rev, place);
    }
  }

  async #sendLobby(clinicId: string): Promise<void> {
    const { views, publisher } = this.#deps;
    if (publisher.viewers('lobby', clinicId) === 0) return;
    const sessions = await views.lobby(clinicId);
    if (this.#changed(`lobby:${clinicId}`, sessions)) publisher.view('lobby', clinicId, this.#clock(), { sessions });
  }

  async #sendDirectory(sessionId: string): Promise<void> {
    const { views, publisher, queues } = this.#deps;
    if (publisher.viewers('directory', sessionId) === 0) return;
    const rev = this.#revision(await queues.load(sessionId));
    publisher.view('directory', sessionId, rev, await views.directory(sessionId));
  }

  async #sendMyPlaces(patientIds: readonly string[]): Promise<void> {
    const { views, publisher } = this.#deps;
    if (publisher.watchedKeys('myPlaces').length === 0) return;
    const accounts = new Set((await Promise.all(patientIds.map((id) => views.guardiansOf(id)))).flat());
    for (const accountId of accounts) {
      if (publisher.viewers('myPlaces', accountId) === 0) continue;
      publisher.view('myPlaces', accountId, this.#clock(), { entryIds: await views.activeEntriesOf(accountId) });
    }
  }

  #revision(loaded: Loaded<unknown>): Revision {
    return [loaded.epoch, loaded.seq, Math.floor(this.#deps.now() / 1000)];
  }

  /** The revision of a view that has no single stream behind it: time. */
  #clock(): Revision {
    return [0, 0, this.#deps.now()];
  }

  /** Whether it differs from what was sent last; times to the second do not count as a change by themselves. */
  #changed(key: string, state: Place | readonly unknown[]): boolean {
    const text = JSON.stringify(state);
    if (this.#sent.get(key) === text) return false;
    this.#sent.set(key, text);
    return true;
  }

  #makeSources(): QueueFeed['sources'] {
    const { queues, views, repos } = this.#deps;
    const view = (
      channel: ViewName,
      authorize: ChannelSource['authorize'],
      read: (key: string) => Promise<[Revision, unknown]>,
    ): ChannelSource => ({
      authorize,
      // Joined first: a change between reading and joining would be lost, one sent before this state is only older.
      current: async (key, _since, join) => {
        join();
        // The newcomer's state may never have been sent: a change back to what was sent last must reach them.
        this.#sent.delete(`${channel}:${key}`);
        const [rev, state] = await read(key);
        return { kind: 'view', rev, state };
      },
    });
    const desk = async (access: Parameters<ChannelSource['authorize']>[0], sessionId: string): Promise<void> => {
      await access.desk(sessionId);
      access.about({ sessionId });
    };
    return {
      queue: {
        authorize: desk,
        current: (key: string, since: Position | undefined, join: () => void): Promise<Subscribed> =>
          streamStart(queues, key, since, join, (state) => queueState.parse(state)),
      },
      directory: view('directory', desk, async (sessionId) => [
        this.#revision(await queues.load(sessionId)),
        await views.directory(sessionId),
      ]),
      place: view(
        'place',
        async (access, entryId) => void (await access.ownPlace(entryId)),
        async (entryId) => {
          const claim = await repos.places.get(entryId);
          const loaded = await queues.load(claim?.sessionId ?? '');
          const [place] = claim ? await views.places(claim.sessionId, [entryId], loaded) : [];
          if (!place) throw new AppError('NOT_FOUND', 'no such place');
          return [this.#revision(loaded), place];
        },
      ),
      myPlaces: view(
        'myPlaces',
        (access, accountId) => access.self(accountId),
        async (accountId) => [this.#clock(), { entryIds: await views.activeEntriesOf(accountId) }],
      ),
      lobby: view(
        'lobby',
        (access, clinicId) => access.lobby(clinicId),
        async (clinicId) => [this.#clock(), { sessions: await views.lobby(clinicId) }],
      ),
    };
  }
}
