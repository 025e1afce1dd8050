import type { ConsultMode, Priority } from '../../shared/contract/common.ts';
import { AppError } from '../../shared/errors.ts';
import { isActive, type QueueEvent, type QueueState } from '../../shared/state/queue.ts';
import type { DeskSessionDoc, PlaceDoc } from '../store/entities.ts';
import type { Repos } from '../store/Repos.ts';
import type { Command, Committed, StreamsOf } from '../store/streams/index.ts';
import { derivedId } from '../support/ids.ts';
import * as rules from './rules.ts';

export interface PlacesDeps {
  readonly repos: Repos;
  readonly queues: StreamsOf<QueueState, QueueEvent>;
  readonly now: () => number;
}

/** A join that is this old belongs to a process that died between its two steps, ms. */
const unfinishedMs = 10_000;

/**
 * Taking a place spans two documents: the claim (unique per patient: one is in one place at a time) and the queue's
 * `joined` event. The claim is written first and names what is still to do; {@link Places.finishJoins} does it for those
 * whose process died. Releasing is an effect of the queue's last event about the entry.
 */
export class Places {
  readonly #deps: PlacesDeps;

  constructor(deps: PlacesDeps) {
    this.#deps = deps;
  }

  /** @throws AppError ALREADY_IN_QUEUE with where the patient waits. */
  async take(
    session: DeskSessionDoc,
    patientId: string,
    command: Command,
    wish: { mode: ConsultMode; source: 'online' | 'walk-in'; reason: string; priority: Priority },
  ): Promise<Committed<QueueState, QueueEvent>> {
    const { mode, source, reason, priority } = wish;
    const now = this.#deps.now();
    const claim: PlaceDoc = {
      _id: derivedId('entry', command.key),
      patientId,
      sessionId: session._id,
      clinicId: session.clinicId,
      doctorId: session.doctorId,
      mode,
      source,
      priority,
      reason,
      createdAt: now,
      command,
      active: true,
      joiningSince: now,
    };
    if (!(await this.#deps.repos.places.insert(claim))) {
      const mine = await this.#deps.repos.places.get(claim._id);
      if (!mine) {
        await this.#refuseOrFree(patientId);
        return await this.take(session, patientId, command, wish);
      }
      if (mine.sessionId !== session._id || mine.patientId !== patientId) {
        throw new AppError('REQUEST_REUSED', 'this request id was used for something else');
      }
      return await this.#join(mine);
    }
    return await this.#join(claim);
  }

  /** The patient's place is over; another may be taken. Idempotent. */
  async release(entryId: string): Promise<void> {
    await this.#deps.repos.places.update({ _id: entryId }, { $unset: { active: '', joiningSince: '' } });
  }

  /** Completes joins that were interrupted. Returns how many. */
  async finishJoins(): Promise<number> {
    const before = this.#deps.now() - unfinishedMs;
    const unfinished = await this.#deps.repos.places.many({ joiningSince: { $lt: before } }, { limit: 100 });
    for (const claim of unfinished) await this.#join(claim).catch(() => undefined);
    return unfinished.length;
  }

  async #join(claim: PlaceDoc): Promise<Committed<QueueState, QueueEvent>> {
    const { _id: entryId, patientId, mode, source, priority, sessionId, command } = claim;
    const wish = { entryId, patientId, mode, source, priority };
    let done;
    try {
      done = await this.#deps.queues.command(sessionId, command, (state) => rules.join(state, wish));
    } catch (error) {
      // Refused for good: the claim must not block the patient. Anything else is tried again later.
      if (error instanceof AppError && error.code !== 'UNAVAILABLE') await this.release(entryId);
      throw error;
    }
    if (claim.joiningSince !== undefined) {
      await this.#deps.repos.places.update({ _id: entryId }, { $unset: { joiningSince: '' } });
    }
    return done;
  }

  /** Another claim of this patient stands: refuse by name, unless it is over and only its release is late. */
  async #refuseOrFree(patientId: string): Promise<void> {
    const other = await this.#deps.repos.places.one({ patientId, active: true });
    if (!other) return;
    const { state } = await this.#deps.queues.load(other.sessionId);
    const entry = state.entries[other._id];
    if (entry && !isActive(entry.state)) return await this.release(other._id);
    throw new AppError('ALREADY_IN_QUEUE', 'this patient already has a place in a queue', {
      entryId: other._id,
      sessionId: other.sessionId,
    });
  }
}
