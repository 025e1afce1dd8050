import type { PatchedName } from '../../shared/contract/index.ts';
import type { CareTeam } from '../../shared/contract/presence.ts';
import { AppError } from '../../shared/errors.ts';
import { differences, type PresenceState } from '../../shared/state/presence.ts';
import type { QueueEvent, QueueState } from '../../shared/state/queue.ts';
import type { ChannelSource, ChannelSources } from '../hub/channels.ts';
import type { Publisher } from '../hub/publish.ts';
import type { StreamsOf } from '../store/streams/index.ts';
import type { Logger } from '../support/logger.ts';
import { Board } from './Board.ts';
import type { PresenceBook } from './Book.ts';
import type { Census, Found } from './Census.ts';

export interface PresenceFeedDeps {
  readonly census: Census;
  readonly book: PresenceBook;
  readonly queues: StreamsOf<QueueState, QueueEvent>;
  readonly publisher: Publisher;
  readonly log: Logger;
  readonly now: () => number;
  /** How often everything is looked at again, for what nobody tells: a new desk, a new colleague. */
  readonly everyMs: number;
}

type Name = PatchedName | 'careTeam';
type People = Record<string, PresenceState>;
type AnyBoard = Board<People> | Board<CareTeam>;

/** Tells each audience who is there: the whole once, differences after that. */
export class PresenceFeed {
  readonly sources: Pick<ChannelSources, Name>;
  readonly #deps: PresenceFeedDeps;
  readonly #boards = new Map<string, { readonly name: Name; readonly key: string; readonly board: AnyBoard }>();
  readonly #opening = new Map<string, Promise<AnyBoard>>();
  readonly #timer: NodeJS.Timeout;
  #stopped = false;

  constructor(deps: PresenceFeedDeps) {
    this.#deps = deps;
    const { census } = deps;
    deps.book.onChange((accountId) => this.#touch({ accountId }));
    deps.queues.onCommit(({ key }) => this.#touch({ sessionId: key }));
    this.#timer = setInterval(() => this.#lookAgain(), deps.everyMs);
    this.#timer.unref();
    this.sources = {
      presence: this.#source(
        'presence',
        (access, clinicId) => access.colleague(clinicId),
        (clinicId) => this.#peopleBoard('presence', clinicId, () => census.clinic(clinicId)),
      ),
      queuePresence: this.#source(
        'queuePresence',
        async (access, sessionId) => {
          await access.desk(sessionId);
          access.about({ sessionId });
        },
        (sessionId) => this.#peopleBoard('queuePresence', sessionId, () => census.queue(sessionId)),
      ),
      careTeam: this.#source(
        'careTeam',
        async (access, entryId) => void (await access.ownPlace(entryId)),
        (entryId) => this.#careTeamBoard(entryId),
      ),
    };
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
    for (const { board } of this.#boards.values()) board.stop();
    this.#boards.clear();
  }

  #source(name: Name, authorize: ChannelSource['authorize'], make: (key: string) => Promise<AnyBoard>): ChannelSource {
    return {
      authorize,
      current: async (key, _since, join) => {
        const board = await this.#open(name, key, make);
        join();
        return { kind: 'view', rev: board.rev, state: board.state };
      },
    };
  }

  /** The board as it was last told; made when nobody here has looked at it so far. */
  async #open(name: Name, key: string, make: (key: string) => Promise<AnyBoard>): Promise<AnyBoard> {
    const id = `${name}:${key}`;
    const known = this.#boards.get(id);
    if (known) return known.board;
    const open = async (): Promise<AnyBoard> => {
      const board = await make(key);
      if (this.#stopped) return board;
      this.#boards.set(id, { name, key, board });
      // What changed while it was being made had no board to touch.
      board.lookSoon();
      return board;
    };
    const opening = this.#opening.get(id) ?? open().finally(() => this.#opening.delete(id));
    this.#opening.set(id, opening);
    return await opening;
  }

  async #peopleBoard(name: PatchedName, key: string, find: () => Promise<Found<People>>): Promise<Board<People>> {
    return new Board(await find(), this.#deps.now(), {
      find,
      tell: (before, after, revisions) => {
        const changes = differences(before, after);
        if (changes) this.#deps.publisher.patch(name, key, revisions, changes);
        return changes !== null;
      },
      onError: (error) => this.#missed(error),
    });
  }

  async #careTeamBoard(entryId: string): Promise<Board<CareTeam>> {
    const find = async (): Promise<Found<CareTeam>> => {
      const team = await this.#deps.census.careTeam(entryId);
      if (!team) throw new AppError('NOT_FOUND', 'no such place');
      return team;
    };
    return new Board(await find(), this.#deps.now(), {
      find,
      tell: (before, after, [, rev]) => {
        const changed = before.doctor !== after.doctor || before.reception !== after.reception;
        if (changed) this.#deps.publisher.view('careTeam', entryId, rev, after);
        return changed;
      },
      onError: (error) => this.#missed(error),
    });
  }

  #touch(what: Parameters<AnyBoard['restsOn']>[0]): void {
    for (const { board } of this.#boards.values()) if (board.restsOn(what)) board.lookSoon();
  }

  #lookAgain(): void {
    for (const [id, { name, key, board }] of this.#boards) {
      if (this.#deps.publisher.viewers(name, key) > 0) board.lookSoon();
      else {
        board.stop();
        this.#boards.delete(id);
      }
    }
  }

  #missed(error: unknown): void {
    this.#deps.log.warn({ err: error }, 'presence was not told; the next look will');
  }
}
