import type { InputOf, OutputOf } from '../../shared/contract/index.ts';
import type { ConsultMode, Gender, Priority } from '../../shared/contract/common.ts';
import { AppError } from '../../shared/errors.ts';
import { newPatientCode } from '../../shared/patientCode.ts';
import { tokenLabel, type QueueEvent, type QueueState } from '../../shared/state/queue.ts';
import type { Access } from '../store/Access.ts';
import type { DeskSessionDoc, Patient } from '../store/entities.ts';
import type { Repos } from '../store/Repos.ts';
import type { Command, Committed, StreamsOf } from '../store/streams/index.ts';
import { derivedId, randomBelow } from '../support/ids.ts';
import { encounterIdOf } from './effects.ts';
import type { Places } from './Places.ts';
import * as rules from './rules.ts';

export interface QueueDeps {
  readonly repos: Repos;
  readonly queues: StreamsOf<QueueState, QueueEvent>;
  readonly places: Places;
  readonly now: () => number;
  /** A desk opened or closed: lobbies change. */
  readonly onDesksChanged: (clinicId: string) => void;
}

type DeskOutput = OutputOf<'queue.callNext'>;
const defaultSlotMinutes = 15;

/** The use cases of the queue. What may happen when is in `rules.ts`; who may do it, in `Access`. */
export class QueueService {
  readonly #deps: QueueDeps;

  constructor(deps: QueueDeps) {
    this.#deps = deps;
  }

  /** Repeats of one request open one session: its id is derived from the request. */
  async openSession(
    access: Access,
    requestId: string,
    input: InputOf<'queue.openSession'>,
  ): Promise<{ sessionId: string }> {
    const doctor = await access.doctorAt(input.clinicId, input.doctorId);
    const session: DeskSessionDoc = {
      _id: derivedId('desk-session', access.accountId, requestId),
      doctorId: doctor._id,
      clinicId: input.clinicId,
      label: input.label,
      startsAt: this.#deps.now(),
      status: 'open',
      slotMinutes: defaultSlotMinutes,
    };
    await this.#deps.repos.deskSessions.insert(session);
    this.#deps.onDesksChanged(input.clinicId);
    return { sessionId: session._id };
  }

  async join(access: Access, requestId: string, input: InputOf<'queue.join'>): Promise<OutputOf<'queue.join'>> {
    const patient = await access.ownPatient(input.patientId);
    const command = access.command(requestId, 'patient');
    const session = await access.openSession(input.sessionId);
    return await this.#takePlace(session, patient, command, { ...input, source: 'online', priority: 'normal' });
  }

  /** Registers and queues in one go. Ids derive from the request, so that a repeat makes neither a second patient nor a second place. */
  async addWalkIn(
    access: Access,
    requestId: string,
    input: InputOf<'queue.addWalkIn'>,
  ): Promise<OutputOf<'queue.addWalkIn'>> {
    const session = await access.desk(input.sessionId);
    if (session.status !== 'open') throw new AppError('SESSION_CLOSED', 'this desk session is closed');
    const command = access.command(requestId, deskRole(access));
    const patient = await this.#register(derivedId('patient', command.key), input);
    access.about({ patientId: patient._id });
    const { reason, priority } = input;
    const taken = await this.#takePlace(session, patient, command, {
      mode: 'in-person',
      source: 'walk-in',
      reason,
      priority,
    });
    return { ...taken, patientId: patient._id, patientCode: patient.code };
  }

  async leave(access: Access, requestId: string, entryId: string): Promise<{ entryId: string }> {
    const { place } = await access.ownPlace(entryId);
    const command = access.command(requestId, 'patient');
    const { event } = await this.#deps.queues.command(place.sessionId, command, (state) =>
      rules.cancel(state, entryId),
    );
    if (event.type !== 'cancelled' || event.data.entryId !== entryId) throw reused();
    return { entryId };
  }

  /** @throws AppError QUEUE_MOVED with the new state `{epoch, seq, state}` in its details, and what `rules.callNext` throws. */
  async callNext(
    access: Access,
    requestId: string,
    { sessionId, seen }: InputOf<'queue.callNext'>,
  ): Promise<DeskOutput> {
    try {
      return await this.#atDesk(access, requestId, sessionId, (state) => rules.callNext(state, seen), ['called']);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'QUEUE_MOVED') throw error;
      throw new AppError(error.code, error.message, { ...(await this.#deps.queues.load(sessionId)) });
    }
  }

  async recall(
    access: Access,
    requestId: string,
    { sessionId, entryId }: InputOf<'queue.recall'>,
  ): Promise<DeskOutput> {
    return await this.#atDesk(
      access,
      requestId,
      sessionId,
      (state) => rules.recall(state, entryId),
      ['recalled', 'called'],
      entryId,
    );
  }

  async start(access: Access, requestId: string, { sessionId, entryId }: InputOf<'queue.start'>): Promise<DeskOutput> {
    const encounterId = encounterIdOf(entryId);
    return await this.#atDesk(
      access,
      requestId,
      sessionId,
      (state) => rules.start(state, entryId, encounterId),
      ['started'],
      entryId,
    );
  }

  async finish(
    access: Access,
    requestId: string,
    { sessionId, entryId }: InputOf<'queue.finish'>,
  ): Promise<DeskOutput> {
    return await this.#atDesk(
      access,
      requestId,
      sessionId,
      (state) => rules.finish(state, entryId),
      ['finished'],
      entryId,
    );
  }

  async skip(access: Access, requestId: string, { sessionId, entryId }: InputOf<'queue.skip'>): Promise<DeskOutput> {
    return await this.#atDesk(
      access,
      requestId,
      sessionId,
      (state) => rules.skip(state, entryId),
      ['skipped'],
      entryId,
    );
  }

  async cancel(
    access: Access,
    requestId: string,
    { sessionId, entryId }: InputOf<'queue.cancel'>,
  ): Promise<DeskOutput> {
    return await this.#atDesk(
      access,
      requestId,
      sessionId,
      (state) => rules.cancel(state, entryId),
      ['cancelled'],
      entryId,
    );
  }

  async prioritise(access: Access, requestId: string, input: InputOf<'queue.prioritise'>): Promise<DeskOutput> {
    const { sessionId, entryId, priority } = input;
    return await this.#atDesk(
      access,
      requestId,
      sessionId,
      (state) => rules.prioritise(state, entryId, priority),
      ['prioritised'],
      entryId,
    );
  }

  async #atDesk(
    access: Access,
    requestId: string,
    sessionId: string,
    decide: (state: QueueState) => rules.QueueDecision,
    makes: readonly QueueEvent['type'][],
    about?: string,
  ): Promise<DeskOutput> {
    await access.desk(sessionId);
    const command = access.command(requestId, deskRole(access));
    const done = await this.#deps.queues.command(sessionId, command, decide);
    const { entryId } = done.event.data;
    if (!makes.includes(done.event.type) || (about ?? entryId) !== entryId) throw reused();
    access.about({ entryId, patientId: done.state.entries[entryId]?.patientId });
    return { seq: done.event.seq, entryId };
  }

  async #takePlace(
    session: DeskSessionDoc,
    patient: Patient,
    command: Command,
    wish: { mode: ConsultMode; source: 'online' | 'walk-in'; reason: string; priority: Priority },
  ): Promise<{ entryId: string; token: string }> {
    const done: Committed<QueueState, QueueEvent> = await this.#deps.places.take(session, patient._id, command, wish);
    if (done.event.type !== 'joined') throw reused();
    return { entryId: done.event.data.entryId, token: tokenLabel(done.event.data.token) };
  }

  async #register(
    id: string,
    input: { name: string; phone?: string | undefined; age: number; gender: Gender },
  ): Promise<Patient> {
    for (;;) {
      const now = this.#deps.now();
      const patient: Patient = {
        _id: id,
        code: newPatientCode(randomBelow),
        name: input.name,
        gender: input.gender,
        birthYear: new Date(now).getUTCFullYear() - input.age,
        phone: input.phone ?? null,
        guardians: [],
        createdAt: now,
      };
      if (await this.#deps.repos.patients.insert(patient)) return patient;
      const before = await this.#deps.repos.patients.get(id);
      if (before) return before;
      // Otherwise the code collided: draw another.
    }
  }
}

function deskRole(access: Access): string {
  return access.has('doctor') ? 'doctor' : 'staff';
}

/** What came back is the outcome of another command that carried this request id. */
function reused(): AppError {
  return new AppError('REQUEST_REUSED', 'this request id was used for something else');
}
