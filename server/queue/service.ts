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
import { accuracyAt } from './accuracy.ts';
import { deskRole, reused } from './DeskCommands.ts';
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

const defaultSlotMinutes = 15;

/** The use cases of the queue. What may happen when is in `rules.ts`; who may do it, in `Access`. */
export class QueueService {
  readonly #deps: QueueDeps;

  constructor(deps: QueueDeps) {
    this.#deps = deps;
  }

  async doctors(access: Access, clinicId: string): Promise<OutputOf<'queue.doctors'>> {
    const doctors = await access.doctorsAt(clinicId);
    const open = await this.#deps.repos.deskSessions.many({ status: 'open', clinicId });
    const openOf = new Map(open.map((session) => [session.doctorId, session._id]));
    return {
      doctors: doctors.map(({ _id, name, specialty }) => ({
        id: _id,
        name,
        specialty,
        openSessionId: openOf.get(_id) ?? null,
      })),
    };
  }

  async accuracy(access: Access, input: InputOf<'queue.accuracy'>): Promise<OutputOf<'queue.accuracy'>> {
    return await accuracyAt(this.#deps, access, input);
  }

  /**
   * Repeats of one request open one session: its id is derived from the request.
   * @throws AppError CONFLICT when the doctor has an open desk at this clinic already: `{sessionId}`.
   */
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
      openFor: `${doctor._id}:${input.clinicId}`,
      slotMinutes: defaultSlotMinutes,
    };
    const { deskSessions } = this.#deps.repos;
    const other = await deskSessions.one({ status: 'open', doctorId: doctor._id, clinicId: input.clinicId });
    if (other && other._id !== session._id) throw deskIsOpen(other._id);
    if (!(await deskSessions.insert(session))) {
      const before = await deskSessions.get(session._id);
      // Somebody else was quicker, or this request was; its second time asks for the same desk.
      if (!before) {
        throw deskIsOpen((await deskSessions.one({ openFor: session.openFor ?? null }))?._id);
      }
      if (before.doctorId !== doctor._id || before.clinicId !== input.clinicId) throw reused();
    }
    this.#deps.onDesksChanged(input.clinicId);
    return { sessionId: session._id };
  }

  async join(access: Access, requestId: string, input: InputOf<'queue.join'>): Promise<OutputOf<'queue.join'>> {
    const patient = await access.ownPatient(input.patientId);
    const command = access.command(requestId, 'patient');
    const session = await access.openSession(input.sessionId).catch((error: unknown) => this.#taken(command, error));
    return await this.#takePlace(session, patient, command, { ...input, source: 'online', priority: 'normal' });
  }

  /** Registers and queues in one go. Ids derive from the request, so that a repeat makes neither a second patient nor a second place. */
  async addWalkIn(
    access: Access,
    requestId: string,
    input: InputOf<'queue.addWalkIn'>,
  ): Promise<OutputOf<'queue.addWalkIn'>> {
    const session = await access.desk(input.sessionId);
    const command = access.command(requestId, deskRole(access));
    if (session.status !== 'open' || session.shut) {
      await this.#taken(command, new AppError('SESSION_CLOSED', 'this desk session is closed'));
    }
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

  /** A desk that closed after this very request took its place there: the repeat gets the same answer. */
  async #taken(command: Command, error: unknown): Promise<DeskSessionDoc> {
    const claim = await this.#deps.repos.places.get(derivedId('entry', command.key));
    const session = claim && (await this.#deps.repos.deskSessions.get(claim.sessionId));
    if (session) return session;
    throw error;
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

function deskIsOpen(sessionId: string | undefined): AppError {
  return new AppError('CONFLICT', 'this doctor already has an open desk at this clinic', { sessionId });
}
