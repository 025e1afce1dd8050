import type { Priority } from '../../shared/contract/common.ts';
import type { InputOf, OutputOf } from '../../shared/contract/index.ts';
import { AppError } from '../../shared/errors.ts';
import { entryOf, waitingOrder, type QueueEvent, type QueueState } from '../../shared/state/queue.ts';
import type { Access } from '../store/Access.ts';
import type { Committed, StreamsOf } from '../store/streams/index.ts';
import { derivedId } from '../support/ids.ts';
import { encounterIdOf } from './effects.ts';
import type { Places } from './Places.ts';
import * as deskRules from './deskRules.ts';
import * as rules from './rules.ts';
import * as undoRules from './undoRules.ts';

export interface DeskDeps {
  readonly queues: StreamsOf<QueueState, QueueEvent>;
  readonly places: Places;
}

type Done = OutputOf<'queue.start'>;
type Of = InputOf<'queue.start'>;
type Decide = (state: QueueState, at: number, role: rules.DeskRole) => rules.QueueDecision;

/** What a desk does to its queue. What may happen when is in `rules.ts`; at which desks one works, in `Access`. */
export class DeskCommands {
  readonly #deps: DeskDeps;

  constructor(deps: DeskDeps) {
    this.#deps = deps;
  }

  /** @throws AppError QUEUE_MOVED with the new state `{epoch, seq, state}` in its details, and what `rules.callNext` throws. */
  async callNext(access: Access, requestId: string, { sessionId, seen }: InputOf<'queue.callNext'>): Promise<Done> {
    return await this.#orMoved(sessionId, () =>
      this.#entry(access, requestId, { sessionId }, (state) => rules.callNext(state, seen), ['called']),
    );
  }

  async call(access: Access, requestId: string, input: InputOf<'queue.call'>): Promise<Done> {
    const { sessionId, entryId, seen } = input;
    return await this.#orMoved(sessionId, () =>
      this.#entry(access, requestId, input, (state) => rules.call(state, entryId, seen), ['called']),
    );
  }

  async recall(access: Access, requestId: string, of: Of): Promise<Done> {
    return await this.#entry(access, requestId, of, (state) => rules.recall(state, of.entryId), ['recalled', 'called']);
  }

  async start(access: Access, requestId: string, of: Of): Promise<Done> {
    const decide: Decide = (state, _at, role) => {
      rules.requireVisitRole(state, of.entryId, role);
      return rules.start(state, of.entryId, encounterIdOf(of.entryId));
    };
    return await this.#entry(access, requestId, of, decide, ['started']);
  }

  async finish(access: Access, requestId: string, of: Of): Promise<Done> {
    const decide: Decide = (state, _at, role) => {
      rules.requireVisitRole(state, of.entryId, role);
      return rules.finish(state, of.entryId);
    };
    return await this.#entry(access, requestId, of, decide, ['finished']);
  }

  async skip(access: Access, requestId: string, of: Of): Promise<Done> {
    return await this.#entry(access, requestId, of, (state) => rules.skip(state, of.entryId), ['skipped', 'no-show']);
  }

  async noShow(access: Access, requestId: string, of: Of): Promise<Done> {
    return await this.#entry(access, requestId, of, (state) => rules.noShow(state, of.entryId), ['no-show']);
  }

  async hold(access: Access, requestId: string, of: Of): Promise<Done> {
    const decide: Decide = (state, _at, role) => {
      rules.requireVisitRoleInside(state, of.entryId, role);
      return rules.hold(state, of.entryId);
    };
    return await this.#entry(access, requestId, of, decide, ['held']);
  }

  async resume(access: Access, requestId: string, of: Of): Promise<Done> {
    return await this.#entry(access, requestId, of, (state) => rules.resume(state, of.entryId), ['resumed']);
  }

  async requeue(
    access: Access,
    requestId: string,
    input: InputOf<'queue.requeue'>,
  ): Promise<OutputOf<'queue.requeue'>> {
    const { entryId, position } = input;
    const decide: Decide = (state) => rules.requeue(state, entryId, position);
    const { state, ...done } = await this.#committed(access, requestId, input, decide, ['requeued']);
    const given = waitingOrder(state).findIndex((entry) => entry.id === entryId) + 1;
    return { ...done, position: Math.max(given, 1) };
  }

  async cancel(access: Access, requestId: string, of: Of): Promise<Done> {
    return await this.#entry(access, requestId, of, (state) => rules.cancel(state, of.entryId), ['cancelled']);
  }

  async prioritise(access: Access, requestId: string, input: InputOf<'queue.prioritise'>): Promise<Done> {
    const { entryId, priority } = input;
    const decide: Decide = (state) => rules.prioritise(state, entryId, priority);
    return await this.#entry(access, requestId, input, decide, ['prioritised']);
  }

  async markArrived(access: Access, requestId: string, of: Of): Promise<Done> {
    return await this.#entry(access, requestId, of, (state) => rules.checkIn(state, of.entryId, 'desk'), [
      'checked-in',
    ]);
  }

  async acknowledge(access: Access, requestId: string, input: InputOf<'queue.acknowledge'>): Promise<Done> {
    const { entryId, alert } = input;
    const decide: Decide = (state) => rules.acknowledge(state, entryId, alert);
    return await this.#entry(access, requestId, input, decide, ['acknowledged']);
  }

  /** The queue's part of a triage; the readings are written by `Triage`. */
  async triaged(access: Access, requestId: string, input: Of & { priority: Priority }): Promise<Done> {
    const { entryId, priority } = input;
    return await this.#entry(access, requestId, input, (state) => rules.triage(state, entryId, priority), ['triaged']);
  }

  /** To another open desk of the same clinic. */
  async transfer(
    access: Access,
    requestId: string,
    input: InputOf<'queue.transfer'>,
  ): Promise<OutputOf<'queue.transfer'>> {
    const { sessionId, entryId, toSessionId } = input;
    const refused = await this.#otherDesk(access, sessionId, toSessionId);
    const toEntryId = derivedId('entry', access.command(requestId, 'staff').key);
    const to = { sessionId: toSessionId, entryId: toEntryId };
    const decide: Decide = (state, _at, role) => {
      if (refused) throw refused;
      rules.requireVisitRoleInside(state, entryId, role);
      return rules.transfer(state, entryId, to);
    };
    return { ...(await this.#entry(access, requestId, input, decide, ['transferred'])), toEntryId };
  }

  /** Whose place was over gets it back first: in the meantime the patient may have taken another. */
  async undo(access: Access, requestId: string, input: InputOf<'queue.undo'>): Promise<Done> {
    const { sessionId, entryId, undoes } = input;
    await access.desk(sessionId);
    const { state } = await this.#deps.queues.load(sessionId);
    const entry = state.entries[entryId];
    const reclaims = entry !== undefined && entry.undo?.seq === undoes && undoRules.undoReclaims(entry);
    // A repeat of what happened gets that answer, so a refusal waits until the queue has been asked.
    const kept = reclaims ? await refusal(this.#deps.places.reclaim(entryId, undoes)) : null;
    const decide: Decide = (now, at, role) => {
      if (kept instanceof AppError) throw kept;
      undoRules.requireUndoRole(now, entryId, role);
      return undoRules.undo(now, entryId, undoes, at);
    };
    // An unavailable queue leaves it to the sweep: whether it happened is unknown.
    const done = await refusal(this.#entry(access, requestId, input, decide, ['undone']));
    if (kept && !(kept instanceof AppError)) await this.#deps.places.settle(sessionId, entryId, kept);
    if (done instanceof AppError) throw done;
    return done;
  }

  async pause(access: Access, requestId: string, input: InputOf<'queue.pause'>): Promise<OutputOf<'queue.pause'>> {
    const { sessionId, reason, until } = input;
    const decide: Decide = (state, at) => deskRules.pause(state, reason, until, at);
    return { seq: (await this.#desk(access, requestId, sessionId, decide, 'desk-paused')).event.seq };
  }

  async unpause(access: Access, requestId: string, sessionId: string): Promise<OutputOf<'queue.unpause'>> {
    const decide: Decide = (state) => deskRules.unpause(state);
    return { seq: (await this.#desk(access, requestId, sessionId, decide, 'desk-resumed')).event.seq };
  }

  async closeDesk(
    access: Access,
    requestId: string,
    { sessionId, rest, toSessionId }: InputOf<'queue.closeDesk'>,
  ): Promise<OutputOf<'queue.closeDesk'>> {
    if (rest === 'transfer' && toSessionId === undefined)
      throw new AppError('INVALID_INPUT', 'toSessionId: where the rest goes');
    const refused = rest === 'transfer' && (await this.#otherDesk(access, sessionId, toSessionId ?? ''));
    const target = (entryId: string): rules.Elsewhere => ({
      sessionId: toSessionId ?? '',
      entryId: derivedId('entry', access.command(requestId, 'staff').key, entryId),
    });
    const decide: Decide = (state) => {
      if (refused) throw refused;
      return deskRules.closeDesk(state, rest === 'transfer' ? target : null);
    };
    const { event, state } = await this.#desk(access, requestId, sessionId, decide, 'desk-closed');
    const ended = Object.values(state.entries).filter((entry) => entry.endedAt === event.at);
    const moved = ended.filter((entry) => entry.state === 'transferred').length;
    return { seq: event.seq, moved, cancelled: ended.length - moved };
  }

  /** Why nobody can be sent there, or null. Not thrown: a repeat of a transfer that happened is answered as before. */
  async #otherDesk(access: Access, sessionId: string, toSessionId: string): Promise<AppError | null> {
    const here = await access.desk(sessionId);
    const there = await refusal(access.openSession(toSessionId));
    if (there instanceof AppError) return there;
    if (there.clinicId !== here.clinicId) return new AppError('NOT_FOUND', 'no such desk session at this clinic');
    return there._id === here._id ? new AppError('INVALID_INPUT', 'that is this desk') : null;
  }

  async #orMoved(sessionId: string, work: () => Promise<Done>): Promise<Done> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'QUEUE_MOVED') throw error;
      throw new AppError(error.code, error.message, { ...(await this.#deps.queues.load(sessionId)) });
    }
  }

  async #entry(
    access: Access,
    requestId: string,
    of: { sessionId: string; entryId?: string },
    decide: Decide,
    makes: readonly QueueEvent['type'][],
  ): Promise<Done> {
    const { seq, entryId } = await this.#committed(access, requestId, of, decide, makes);
    return { seq, entryId };
  }

  async #committed(
    access: Access,
    requestId: string,
    { sessionId, entryId }: { sessionId: string; entryId?: string },
    decide: Decide,
    makes: readonly QueueEvent['type'][],
  ): Promise<Done & { state: QueueState }> {
    const { event, state } = await this.#run(access, requestId, sessionId, decide);
    const about = entryOf(event);
    if (about === null || !makes.includes(event.type) || (entryId ?? about) !== about) throw reused();
    access.about({ entryId: about, patientId: state.entries[about]?.patientId });
    return { seq: event.seq, entryId: about, state };
  }

  async #desk(
    access: Access,
    requestId: string,
    sessionId: string,
    decide: Decide,
    makes: QueueEvent['type'],
  ): Promise<Committed<QueueState, QueueEvent>> {
    const done = await this.#run(access, requestId, sessionId, decide);
    if (done.event.type !== makes) throw reused();
    return done;
  }

  async #run(
    access: Access,
    requestId: string,
    sessionId: string,
    decide: Decide,
  ): Promise<Committed<QueueState, QueueEvent>> {
    await access.desk(sessionId);
    const role = deskRole(access);
    const command = access.command(requestId, role);
    return await this.#deps.queues.command(sessionId, command, (state, at) => decide(state, at, role));
  }
}

export function deskRole(access: Access): rules.DeskRole {
  return access.has('doctor') ? 'doctor' : 'staff';
}

/** What came back is the outcome of another command that carried this request id. */
export function reused(): AppError {
  return new AppError('REQUEST_REUSED', 'this request id was used for something else');
}

/** What it gives, or why it was refused; anything else is thrown. */
async function refusal<T>(work: Promise<T>): Promise<T | AppError> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof AppError && error.code !== 'UNAVAILABLE') return error;
    throw error;
  }
}
