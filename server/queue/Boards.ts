import type { Board, BoardCard } from '../../shared/contract/board.ts';
import type { InputOf, OutputOf } from '../../shared/contract/index.ts';
import { AppError } from '../../shared/errors.ts';
import type { Access } from '../store/Access.ts';
import type { BoardDoc } from '../store/entities.ts';
import type { Repos } from '../store/Repos.ts';
import type { Keys } from './keys.ts';
import type { QueueViews } from './QueueViews.ts';

export interface BoardsDeps {
  readonly repos: Repos;
  readonly views: QueueViews;
  readonly keys: Keys;
  readonly now: () => number;
  /** Boards of this clinic came or went. */
  readonly onChanged: (clinicId: string) => void;
}

/** More screens than any clinic has walls. */
const boardsPerClinic = 50;

/** Public now-serving boards: made and taken down by a clinic's people, read by whoever knows the id. */
export class Boards {
  readonly #deps: BoardsDeps;

  constructor(deps: BoardsDeps) {
    this.#deps = deps;
  }

  async list(access: Access, clinicId: string): Promise<OutputOf<'board.list'>> {
    await access.colleague(clinicId);
    const docs = await this.#standing(clinicId);
    return { boards: await Promise.all(docs.map((doc) => this.#card(doc))) };
  }

  /** A repeat of the request finds the board it made: the id derives from it, by a secret, because the id is the key. */
  async create(access: Access, requestId: string, input: InputOf<'board.create'>): Promise<OutputOf<'board.create'>> {
    const { clinicId, doctorId, name } = input;
    const { repos, keys, now, onChanged } = this.#deps;
    await access.colleague(clinicId);
    if (doctorId !== null && !(await repos.doctors.get(doctorId))?.clinicIds.includes(clinicId)) {
      throw new AppError('NOT_FOUND', 'no such doctor at this clinic');
    }
    const _id = keys.secretId('board', access.accountId, requestId);
    const known = await repos.boards.get(_id);
    if (known) {
      if (known.clinicId === clinicId && known.doctorId === doctorId && known.name === name) return { boardId: _id };
      throw new AppError('REQUEST_REUSED', 'this request id was used for something else');
    }
    if ((await this.#standing(clinicId)).length >= boardsPerClinic) {
      throw new AppError('CONFLICT', `at most ${boardsPerClinic} boards`);
    }
    await repos.boards.insert({ _id, clinicId, doctorId, name, createdBy: access.accountId, createdAt: now() });
    onChanged(clinicId);
    return { boardId: _id };
  }

  async remove(access: Access, boardId: string): Promise<OutputOf<'board.remove'>> {
    const { repos, now, onChanged } = this.#deps;
    const board = await repos.boards.get(boardId);
    if (!board || !(await access.clinicIds()).includes(board.clinicId))
      throw new AppError('NOT_FOUND', 'no such board');
    await repos.boards.update({ _id: boardId, removedAt: { $exists: false } }, { $set: { removedAt: now() } });
    onChanged(board.clinicId);
    return { boardId };
  }

  /** Those of the given boards that stand. */
  async standing(boardIds: readonly string[]): Promise<BoardDoc[]> {
    if (boardIds.length === 0) return [];
    return await this.#deps.repos.boards.many({ _id: { $in: [...boardIds] }, removedAt: { $exists: false } });
  }

  /** What a board shows now. */
  async state(board: BoardDoc): Promise<Board> {
    const { repos, views } = this.#deps;
    const [clinic, sessions] = await Promise.all([repos.clinics.get(board.clinicId), views.openDesks(board.clinicId)]);
    const desks = await Promise.all(
      sessions
        .filter((session) => board.doctorId === null || session.doctorId === board.doctorId)
        .map((session) => views.boardDesk(session._id)),
    );
    return {
      clinicName: clinic?.name ?? '',
      zone: clinic?.zone ?? 'UTC',
      desks: desks.filter((desk) => desk !== null),
    };
  }

  async #standing(clinicId: string): Promise<BoardDoc[]> {
    const filter = { clinicId, removedAt: { $exists: false } };
    return await this.#deps.repos.boards.many(filter, { sort: { createdAt: 1 } });
  }

  async #card({ _id, clinicId, doctorId, name, createdAt }: BoardDoc): Promise<BoardCard> {
    const doctor = doctorId === null ? null : await this.#deps.repos.doctors.get(doctorId);
    return { id: _id, clinicId, doctorId, doctorName: doctor?.name ?? null, name, createdAt };
  }
}
