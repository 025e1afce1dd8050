import type { ConsultMode, Priority } from '../../shared/contract/common.ts';
import { AppError } from '../../shared/errors.ts';
import { isActive, type QueueEntry, type QueueEvent, type QueueState } from '../../shared/state/queue.ts';
import type { DeskSessionDoc, PlaceDoc } from '../store/entities.ts';
import type { Repos } from '../store/Repos.ts';
import type { Command, Committed, StreamsOf } from '../store/streams/index.ts';
import { derivedId } from '../support/ids.ts';
import * as rules from './rules.ts';

/** The mark on a claim whose end is being taken back. */
type Kept = Pick<PlaceDoc, 'kept' | 'joiningSince'> & {
  /** Nobody else was taking it back at that moment. */
  readonly alone: boolean;
};

export interface PlacesDeps {
  readonly repos: Repos;
  readonly queues: StreamsOf<QueueState, QueueEvent>;
  readonly now: () => number;
  /** What somebody who has just joined is told. */
  readonly promise?: (sessionId: string, entryId: string) => Promise<PlaceDoc['promised'] | null>;
}

const released = { $unset: { active: '', joiningSince: '' } } as const;

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

  async entry(sessionId: string, entryId: string): Promise<QueueEntry | undefined> {
    return (await this.#deps.queues.load(sessionId)).state.entries[entryId];
  }

  /** The patient's place is over; another may be taken. Idempotent. */
  async release(entryId: string): Promise<void> {
    await this.#deps.repos.places.update({ _id: entryId }, released);
  }

  /**
   * Frees the place because of the event at `seq`, when the queue agrees that it is over, and unless that event is being
   * taken back: the claim says so before the queue does, so that a release that comes late frees nobody who is back.
   */
  async releaseIfOver(sessionId: string, entryId: string, seq: number): Promise<void> {
    const { state } = await this.#deps.queues.load(sessionId, seq);
    if (isOver(state, entryId)) await this.#releaseFor(entryId, seq);
  }

  /**
   * The place counts again, before the queue takes back the event at `seq` that ended it. {@link settle} it with what is
   * returned when the queue has answered. @throws AppError ALREADY_IN_QUEUE when the patient has taken another since.
   */
  async reclaim(entryId: string, seq: number): Promise<Kept> {
    const { places } = this.#deps.repos;
    for (;;) {
      const claim = await places.get(entryId);
      if (!claim) throw new AppError('NOT_FOUND', 'no such place');
      const { active, joiningSince: other } = claim;
      if (!active) await this.#refuseOrFree(claim.patientId);
      const joiningSince = Math.max(this.#deps.now(), (other ?? 0) + 1);
      const asRead = { active: active ?? { $exists: false }, joiningSince: other ?? { $exists: false } };
      const $set = { active: true, kept: seq, joiningSince };
      const back = await places.tryUpdate({ _id: entryId, ...asRead }, { $set });
      if (back === 'taken') throw new AppError('ALREADY_IN_QUEUE', 'this patient already has a place in a queue');
      if (back === 'done') return { kept: seq, joiningSince, alone: other === undefined };
    }
  }

  /** A reclaimed place is held or freed as the queue says now; nothing when somebody reclaimed it again since. */
  async settle(sessionId: string, entryId: string, { joiningSince, alone }: Kept): Promise<void> {
    const { seq, state } = await this.#deps.queues.load(sessionId, Infinity);
    const over = isOver(state, entryId);
    // Another taking back may still succeed: the sweep looks again when it must be through.
    if (over && !alone) return;
    const $unset: Record<string, ''> = over ? { joiningSince: '', active: '' } : { joiningSince: '' };
    const change = over ? { $unset } : { $unset, $set: { kept: seq } };
    await this.#deps.repos.places.update({ _id: entryId, joiningSince: joiningSince ?? null }, change);
  }

  /**
   * The second half of a transfer: the place at the other desk, with the time already waited. Idempotent. When that desk
   * has closed meanwhile, they wait at the first one again.
   */
  async transfer(
    entryId: string,
    to: { readonly sessionId: string; readonly entryId: string },
    { by, seq }: { readonly by: { readonly accountId: string; readonly role: string }; readonly seq: number },
  ): Promise<void> {
    const { repos, queues } = this.#deps;
    const claim = await repos.places.get(entryId);
    const session = await repos.deskSessions.get(to.sessionId);
    const { state } = claim ? await queues.load(claim.sessionId, seq) : { state: null };
    const entry = state?.entries[entryId];
    if (!claim || !session || !entry) throw new Error('a transferred entry has no place, queue or desk');
    if (entry.to?.entryId !== to.entryId) return;
    await this.#releaseFor(entryId, seq);
    const { sessionId, doctorId } = claim;
    const next: PlaceDoc = {
      _id: to.entryId,
      patientId: claim.patientId,
      sessionId: to.sessionId,
      clinicId: session.clinicId,
      doctorId: session.doctorId,
      mode: claim.mode,
      source: claim.source,
      priority: entry.priority,
      reason: claim.reason,
      createdAt: this.#deps.now(),
      command: { key: `transfer:${to.entryId}`, ...by },
      active: true,
      transferredFrom: { sessionId, entryId, doctorId, joinedAt: entry.joinedAt, checkedInAt: entry.checkedInAt },
    };
    if (!(await repos.places.insert(next)) && !(await repos.places.get(to.entryId))) {
      // Between the two steps the patient took a place of their own choice: that one stands.
      return;
    }
    try {
      await this.#join(next);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'SESSION_CLOSED') throw error;
      await this.#return(claim, seq, { key: `return:${to.entryId}`, ...by });
    }
  }

  /** Waiting at the first desk again; not when that one closed as well, or the patient has chosen another. */
  async #return({ _id: entryId, sessionId }: PlaceDoc, seq: number, command: Command): Promise<void> {
    try {
      const kept = await this.reclaim(entryId, seq);
      try {
        await this.#deps.queues.command(sessionId, command, (now) => rules.transferFailed(now, entryId));
      } finally {
        await this.settle(sessionId, entryId, kept);
      }
    } catch (error) {
      if (!(error instanceof AppError) || !['SESSION_CLOSED', 'ALREADY_IN_QUEUE'].includes(error.code)) throw error;
    }
  }

  /** Completes joins and reclaims that were interrupted. Returns how many. */
  async finishJoins(): Promise<number> {
    const before = this.#deps.now() - unfinishedMs;
    const unfinished = await this.#deps.repos.places.many({ joiningSince: { $lt: before } }, { limit: 100 });
    for (const claim of unfinished) {
      const { _id: entryId, sessionId, kept } = claim;
      const work = kept === undefined ? this.#join(claim) : this.settle(sessionId, entryId, { ...claim, alone: true });
      await work.catch(() => undefined);
    }
    return unfinished.length;
  }

  async #join(claim: PlaceDoc): Promise<Committed<QueueState, QueueEvent>> {
    const { _id: entryId, patientId, mode, source, priority, sessionId, command } = claim;
    const { transferredFrom } = claim;
    const from = transferredFrom && {
      sessionId: transferredFrom.sessionId,
      entryId: transferredFrom.entryId,
      joinedAt: transferredFrom.joinedAt,
      checkedInAt: transferredFrom.checkedInAt ?? null,
    };
    const wish = { entryId, patientId, mode, source, priority, ...(from ? { from } : {}) };
    let done;
    try {
      done = await this.#deps.queues.command(sessionId, command, (state) => rules.join(state, wish));
    } catch (error) {
      // Refused for good: the claim must not block the patient. Anything else is tried again later.
      if (error instanceof AppError && error.code !== 'UNAVAILABLE') await this.release(entryId);
      throw error;
    }
    // Kept, so that it can be judged later; a place is a place without it.
    const promised = done.replayed ? null : await this.#deps.promise?.(sessionId, entryId).catch(() => null);
    const told = promised ? { $set: { promised } } : {};
    const { joiningSince } = claim;
    if (joiningSince !== undefined && claim.kept === undefined) {
      // Only the mark of this join: taking back an end may have set its own meanwhile.
      const change = { $unset: { joiningSince: '' as const }, ...told };
      if (await this.#deps.repos.places.update({ _id: entryId, joiningSince }, change)) return done;
    }
    if (promised) await this.#deps.repos.places.update({ _id: entryId }, told);
    return done;
  }

  /** Another claim of this patient stands: refuse by name, unless it is over and only its release is late. */
  async #refuseOrFree(patientId: string): Promise<void> {
    const other = await this.#deps.repos.places.one({ patientId, active: true });
    if (!other) return;
    // What took its end back must be in it, wherever that was done.
    const { state } = await this.#deps.queues.load(other.sessionId, other.kept);
    const takenBack = other.kept !== undefined && other.joiningSince !== undefined;
    if (state.entries[other._id] && isOver(state, other._id) && !takenBack) {
      const same = { _id: other._id, kept: other.kept ?? { $exists: false }, joiningSince: { $exists: false } };
      await this.#deps.repos.places.update(same, { $unset: { active: '' } });
      return;
    }
    throw new AppError('ALREADY_IN_QUEUE', 'this patient already has a place in a queue', {
      entryId: other._id,
      sessionId: other.sessionId,
    });
  }

  async #releaseFor(entryId: string, seq: number): Promise<void> {
    const since = { $or: [{ kept: { $exists: false } }, { kept: { $lt: seq } }] };
    await this.#deps.repos.places.update({ _id: entryId, ...since }, { $unset: { active: '', joiningSince: '' } });
  }
}

function isOver(state: QueueState, entryId: string): boolean {
  const entry = state.entries[entryId];
  return !entry || !isActive(entry.state);
}
