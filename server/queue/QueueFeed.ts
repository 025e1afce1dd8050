import type { ViewName } from '../../shared/contract/index.ts';
import type { Place } from '../../shared/contract/queueViews.ts';
import { AppError } from '../../shared/errors.ts';
import type { Position, Revision, Subscribed } from '../../shared/contract/wire.ts';
import { entryOf, isActive, queueState, type QueueEvent, type QueueState } from '../../shared/state/queue.ts';
import type { ChannelSource, ChannelSources } from '../hub/channels.ts';
import type { Publisher } from '../hub/publish.ts';
import { streamStart } from '../hub/streamStart.ts';
import type { Repos } from '../store/Repos.ts';
import type { CommitNotice, Loaded, StreamsOf } from '../store/streams/index.ts';
import type { Logger } from '../support/logger.ts';
import { Together } from '../support/Together.ts';
import type { QueueViews } from './QueueViews.ts';
import { Rounds } from './Rounds.ts';

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

const comesOrGoes = new Set<QueueEvent['type']>(['joined', 'undone', 'returned']);

/** Carries queue events to those who look: the desk gets the stream, everybody else their own view of it. */
export class QueueFeed {
  readonly sources: Pick<ChannelSources, 'queue' | 'directory' | 'triages' | 'place' | 'myPlaces' | 'lobby'>;
  readonly #deps: QueueFeedDeps;
  readonly #sent = new Map<string, string>();
  readonly #reading = new Together<[Revision, unknown]>();
  readonly #rounds: Rounds;
  /** Patients whose people could not be told where they are. */
  readonly #owed = new Set<string>();
  readonly #ticker: NodeJS.Timeout;

  constructor(deps: QueueFeedDeps) {
    this.#deps = deps;
    this.#rounds = new Rounds(deps.log);
    deps.queues.onCommit((notice) => this.#committed(notice));
    // A list of one's own places changes with queues that nobody here looks at.
    deps.queues.followAll(() => deps.publisher.watchedKeys('myPlaces').length > 0);
    this.#ticker = setInterval(() => this.#rounds.later(() => this.#tick()), tickMs);
    this.#ticker.unref();
    this.sources = this.#makeSources();
  }

  /** A desk of this clinic opened or closed. */
  desksChanged(clinicId: string): void {
    this.#rounds.later(() => this.#sendLobby(clinicId));
  }

  async stop(): Promise<void> {
    clearInterval(this.#ticker);
    await this.#rounds.stop();
  }

  #committed(notice: CommitNotice<QueueState, QueueEvent>): void {
    const sessionId = notice.key;
    this.#deps.publisher.events('queue', sessionId, notice.epoch, notice.events);
    const { events, state } = notice;
    const people = new Set<string>();
    for (const event of events) {
      // Whoever came in or went out; the end of a desk and taking back may do either.
      const about = event.type === 'desk-closed' ? Object.keys(state.entries) : [entryOf(event)];
      for (const entryId of about) {
        const entry = entryId === null ? undefined : state.entries[entryId];
        if (entry && (comesOrGoes.has(event.type) || !isActive(entry.state))) people.add(entry.patientId);
      }
    }
    if (people.size > 0) this.#rounds.later(() => this.#sendMyPlaces([...people]));
    if (events.some((event) => event.type === 'joined')) this.#rounds.later(() => this.#sendDirectory(sessionId));
    if (events.some((event) => event.type === 'triaged')) this.#rounds.later(() => this.#sendTriages(sessionId));
    this.#rounds.soon(sessionId, () => this.#sendViews(sessionId));
  }

  async #tick(): Promise<void> {
    const { publisher, repos } = this.#deps;
    if (this.#owed.size > 0) await this.#sendMyPlaces([...this.#owed]);
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
    if (this.#deps.publisher.watchedKeys('lobby').length === 0) return;
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

  async #sendTriages(sessionId: string): Promise<void> {
    const { views, publisher, queues } = this.#deps;
    if (publisher.viewers('triages', sessionId) === 0) return;
    const rev = this.#revision(await queues.load(sessionId));
    publisher.view('triages', sessionId, rev, await views.triages(sessionId));
  }

  async #sendMyPlaces(patientIds: readonly string[]): Promise<void> {
    const { publisher } = this.#deps;
    if (publisher.watchedKeys('myPlaces').length === 0) return;
    // Until it has gone out it is owed: the tick tries again.
    for (const id of patientIds) this.#owed.add(id);
    await this.#tellPlaces(patientIds);
    for (const id of patientIds) this.#owed.delete(id);
  }

  async #tellPlaces(patientIds: readonly string[]): Promise<void> {
    const { views, publisher } = this.#deps;
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
        // A clinic that comes back all at once asks for the same: one reading serves all who ask before it begins.
        const [rev, state] = await this.#reading.run(`${channel}:${key}`, () => read(key));
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
      triages: view('triages', desk, async (sessionId) => [
        this.#revision(await queues.load(sessionId)),
        await views.triages(sessionId),
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
