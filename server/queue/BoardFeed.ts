import { AppError } from '../../shared/errors.ts';
import type { QueueEvent, QueueState } from '../../shared/state/queue.ts';
import type { ChannelSource } from '../hub/channels.ts';
import type { Publisher } from '../hub/publish.ts';
import type { BoardDoc } from '../store/entities.ts';
import type { StreamsOf } from '../store/streams/index.ts';
import type { Logger } from '../support/logger.ts';
import type { Boards } from './Boards.ts';
import type { QueueViews } from './QueueViews.ts';
import { Rounds } from './Rounds.ts';

export interface BoardFeedDeps {
  readonly boards: Boards;
  readonly queues: StreamsOf<QueueState, QueueEvent>;
  readonly views: QueueViews;
  readonly publisher: Publisher;
  readonly log: Logger;
  readonly now: () => number;
}

/** A board that was taken down on another hub must be dark within 5 s, also when nobody told us. */
const lookMs = 2_000;

/** Keeps public boards up to date: at every change of a desk they show, when desks open or close, and dark when taken down. */
export class BoardFeed {
  readonly source: ChannelSource;
  readonly #deps: BoardFeedDeps;
  readonly #rounds: Rounds;
  /** Boards that somebody here looks at. */
  readonly #watched = new Map<string, BoardDoc>();
  readonly #sent = new Map<string, string>();
  readonly #ticker: NodeJS.Timeout;
  #clock = 0;

  constructor(deps: BoardFeedDeps) {
    this.#deps = deps;
    this.#rounds = new Rounds(deps.log);
    deps.queues.onCommit(({ key }) => {
      if (this.#watched.size > 0) this.#rounds.soon(key, () => this.#deskMoved(key));
    });
    // A board shows desks at which nobody of this hub works.
    deps.queues.followAll(() => this.#watched.size > 0);
    this.#ticker = setInterval(() => {
      if (this.#watched.size > 0) this.#rounds.soon('', () => this.#look());
    }, lookMs);
    this.#ticker.unref();
    this.source = {
      authorize: async (_access, boardId) => void (await this.#board(boardId)),
      current: async (boardId, _since, join) => {
        const board = await this.#board(boardId);
        join();
        this.#watched.set(boardId, board);
        this.#sent.delete(boardId);
        return { kind: 'view', rev: this.#revision(), state: await deps.boards.state(board) };
      },
    };
  }

  /** A desk of this clinic opened or closed, or a board was made or taken down. */
  clinicChanged(clinicId: string): void {
    if (this.#of(clinicId).length > 0) this.#rounds.later(() => this.#look());
  }

  async stop(): Promise<void> {
    clearInterval(this.#ticker);
    await this.#rounds.stop();
  }

  async #board(boardId: string): Promise<BoardDoc> {
    const [board] = await this.#deps.boards.standing([boardId]);
    if (!board) throw new AppError('NOT_FOUND', 'no such board');
    return board;
  }

  async #deskMoved(sessionId: string): Promise<void> {
    const clinicId = await this.#deps.views.clinicOf(sessionId);
    if (clinicId !== null) await this.#send(this.#of(clinicId));
  }

  /** Looks at the boards themselves too: one that was taken down goes dark. */
  async #look(): Promise<void> {
    const { boards, publisher } = this.#deps;
    const ids = [...this.#watched.keys()];
    const standing = new Set((await boards.standing(ids)).map((board) => board._id));
    for (const boardId of ids) {
      if (standing.has(boardId) && publisher.viewers('board', boardId) > 0) continue;
      publisher.end('board', boardId);
      this.#watched.delete(boardId);
      this.#sent.delete(boardId);
    }
    await this.#send([...this.#watched.values()]);
  }

  #of(clinicId: string): BoardDoc[] {
    return [...this.#watched.values()].filter((board) => board.clinicId === clinicId);
  }

  async #send(changed: readonly BoardDoc[]): Promise<void> {
    for (const board of changed) {
      const rev = this.#revision();
      const state = await this.#deps.boards.state(board);
      const text = JSON.stringify(state);
      if (this.#sent.get(board._id) === text) continue;
      this.#sent.set(board._id, text);
      this.#deps.publisher.view('board', board._id, rev, state);
    }
  }

  /** Time, but never twice the same and never back. */
  #revision(): [number, number, number] {
    this.#clock = Math.max(this.#clock + 1, this.#deps.now());
    return [0, 0, this.#clock];
  }
}
