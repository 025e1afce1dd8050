import { AppError } from '../../shared/errors.ts';
import { hasPermission, hasRole, type Permission, type Role } from '../../shared/permissions.ts';
import { isListed } from '../doctors/rules.ts';
import type { AuditLog, AuditPhase, AuditSubject } from './Audit.ts';
import type { Account, Clinic, DeskSessionDoc, Doctor, Patient, PlaceDoc } from './entities.ts';
import type { Repos } from './Repos.ts';
import type { Command } from './streams/index.ts';
import { ThreadAccess } from './ThreadAccess.ts';

/** Who acts: an account in one of its sign-in sessions. */
export interface Actor {
  readonly account: Account;
  /** The sign-in session, not a desk session. */
  readonly sid: string;
}

export interface AccessDeps {
  readonly repos: Repos;
  readonly audit: AuditLog;
}

const notFound = (what: string): AppError => new AppError('NOT_FOUND', `no such ${what}`);

/**
 * The store as one actor may see it. Every use case goes through here: what the actor may not see answers NOT_FOUND,
 * exactly as what does not exist. It alone writes audit records.
 */
export class Access {
  readonly actor: Actor;
  readonly traceId: string;
  readonly #deps: AccessDeps;
  #subject: AuditSubject = {};
  #role: string;
  #doctor: Doctor | null | undefined;

  constructor(actor: Actor, traceId: string, deps: AccessDeps) {
    this.actor = actor;
    this.traceId = traceId;
    this.#deps = deps;
    this.#role = actor.account.roles[0] ?? 'visitor';
  }

  /** Says for which roles something is; records name the one of them that the actor has. */
  actsAs(roles: readonly Role[] | 'public'): this {
    if (roles !== 'public') this.#role = this.actor.account.roles.find((role) => roles.includes(role)) ?? this.#role;
    return this;
  }

  get accountId(): string {
    return this.actor.account._id;
  }

  has(...roles: readonly Role[]): boolean {
    return hasRole(this.actor.account.roles, roles);
  }

  /** Whether the actor is staff who may do this. */
  staffMay(permission: Permission): boolean {
    return this.has('staff') && hasPermission(this.actor.account.permissionSets, permission);
  }

  /** The command's identity for the stream: one request of one account happens once. */
  command(requestId: string, role: string): Command {
    return { key: `${this.accountId}:${requestId}`, accountId: this.accountId, role };
  }

  /** Whom this turned out to be about so far. */
  get subject(): AuditSubject {
    return this.#subject;
  }

  /** Notes whom the operation turned out to be about; its outcome record names them. */
  about(subject: AuditSubject): void {
    this.#subject = { ...this.#subject, ...subject };
  }

  /** The actor's profile as a doctor who may practise, or null: an application is none. */
  async doctorProfile(): Promise<Doctor | null> {
    if (this.#doctor === undefined) {
      const found = this.has('doctor') ? await this.#deps.repos.doctors.one({ accountId: this.accountId }) : null;
      this.#doctor = found && isListed(found) ? found : null;
    }
    return this.#doctor;
  }

  /** Clinics at whose desks the actor works. */
  async clinicIds(): Promise<readonly string[]> {
    const own = this.has('staff', 'admin') ? this.actor.account.clinicIds : [];
    return [...new Set([...own, ...((await this.doctorProfile())?.clinicIds ?? [])])];
  }

  async clinics(): Promise<Clinic[]> {
    const ids = await this.clinicIds();
    return ids.length === 0
      ? []
      : await this.#deps.repos.clinics.many({ _id: { $in: [...ids] } }, { sort: { name: 1 } });
  }

  /** A desk session the actor works at: the doctor's own, or any of the clinic for staff and admin. */
  async desk(sessionId: string): Promise<DeskSessionDoc> {
    const session = await this.#deps.repos.deskSessions.get(sessionId);
    if (session && (await this.#worksAt(session))) return session;
    throw notFound('desk session');
  }

  /** Desk sessions that are open: those the actor works at, or all for a patient to choose from. */
  async openSessions(): Promise<DeskSessionDoc[]> {
    const open = { status: 'open' };
    const { deskSessions } = this.#deps.repos;
    if (this.has('patient') && !this.has('doctor', 'staff', 'admin'))
      return await deskSessions.many({ ...open, shut: { $exists: false } });
    const all = await deskSessions.many({ ...open, clinicId: { $in: [...(await this.clinicIds())] } });
    const allowed = await Promise.all(all.map((session) => this.#worksAt(session)));
    return all.filter((_session, i) => allowed[i]);
  }

  /** A doctor for whom the actor may open a desk at the clinic: oneself, or any of the clinic for its staff. */
  async doctorAt(clinicId: string, doctorId: string | undefined): Promise<Doctor> {
    const own = await this.doctorProfile();
    if (own?.clinicIds.includes(clinicId) && (doctorId === undefined || doctorId === own._id)) return own;
    if (this.has('staff') && this.actor.account.clinicIds.includes(clinicId) && doctorId !== undefined) {
      const other = await this.#deps.repos.doctors.get(doctorId);
      if (other && isListed(other) && other.clinicIds.includes(clinicId)) return other;
    }
    throw notFound('doctor at this clinic');
  }

  /** Doctors of a clinic for whom the actor may open a desk: all for its staff, oneself for a doctor. */
  async doctorsAt(clinicId: string): Promise<Doctor[]> {
    await this.colleague(clinicId);
    if (this.has('staff', 'admin') && this.actor.account.clinicIds.includes(clinicId)) {
      const all = await this.#deps.repos.doctors.many({ clinicIds: clinicId }, { sort: { name: 1 } });
      return all.filter(isListed);
    }
    const own = await this.doctorProfile();
    return own?.clinicIds.includes(clinicId) ? [own] : [];
  }

  /** An open desk session to take a place in. Any patient may; a closed one is no longer there. */
  async openSession(sessionId: string): Promise<DeskSessionDoc> {
    const session = await this.#deps.repos.deskSessions.get(sessionId);
    if (!session) throw notFound('desk session');
    if (session.status !== 'open' || session.shut) throw new AppError('SESSION_CLOSED', 'this desk session is closed');
    return session;
  }

  /** Patients the actor acts for. */
  async ownPatients(): Promise<Patient[]> {
    return await this.#deps.repos.patients.many({ 'guardians.accountId': this.accountId }, { sort: { createdAt: 1 } });
  }

  async ownPatient(patientId: string): Promise<Patient> {
    const patient = await this.#deps.repos.patients.get(patientId);
    if (!patient || !this.actsFor(patient)) throw notFound('patient');
    this.about({ patientId });
    return patient;
  }

  /** A place of a patient the actor acts for. */
  async ownPlace(entryId: string): Promise<{ place: PlaceDoc; patient: Patient }> {
    const place = await this.#deps.repos.places.get(entryId);
    const patient = place ? await this.#deps.repos.patients.get(place.patientId) : null;
    if (!place || !patient || !this.actsFor(patient)) throw notFound('place');
    this.about({ entryId, patientId: patient._id });
    return { place, patient };
  }

  /** The newest places of the patients the actor acts for. */
  async ownPlaces(limit: number): Promise<PlaceDoc[]> {
    const patients = await this.ownPatients();
    if (patients.length === 0) return [];
    const filter = { patientId: { $in: patients.map((patient) => patient._id) } };
    return await this.#deps.repos.places.many(filter, { sort: { createdAt: -1 }, limit });
  }

  /** Only what is one's own account's. */
  self(accountId: string): Promise<void> {
    return accountId === this.accountId ? Promise.resolve() : Promise.reject(notFound('account'));
  }

  /** A clinic's open desks: public to everyone signed in, as on a notice board. */
  async lobby(clinicId: string): Promise<void> {
    if (!(await this.#deps.repos.clinics.get(clinicId))) throw notFound('clinic');
  }

  /** A clinic the actor works at. */
  async colleague(clinicId: string): Promise<void> {
    if (!(await this.clinicIds()).includes(clinicId)) throw notFound('clinic');
  }

  /** The consultation of an entry, for its two sides only: the session's doctor and whoever acts for the patient. */
  async consultation(
    entryId: string,
  ): Promise<{ place: PlaceDoc; patient: Patient; doctor: Doctor; side: 'doctor' | 'patient' }> {
    const place = await this.#deps.repos.places.get(entryId);
    if (place) {
      this.about({ entryId, patientId: place.patientId });
      const [patient, doctor] = await Promise.all([
        this.#deps.repos.patients.get(place.patientId),
        this.#deps.repos.doctors.get(place.doctorId),
      ]);
      if (patient && doctor) {
        if (doctor.accountId === this.accountId && (await this.doctorProfile()))
          return { place, patient, doctor, side: 'doctor' };
        if (this.has('patient') && this.actsFor(patient)) return { place, patient, doctor, side: 'patient' };
      }
    }
    throw notFound('consultation');
  }

  /** Chat threads, as far as the actor is in them. */
  get threads(): ThreadAccess {
    return new ThreadAccess(this, this.#deps.repos);
  }

  /** Writes an audit record and waits until it is durable. */
  async audit(phase: AuditPhase, action: string, subject: AuditSubject, code?: string): Promise<void> {
    this.about(subject);
    const { sid } = this.actor;
    await this.#deps.audit.write({
      accountId: this.accountId,
      ...(sid === '' ? {} : { sid }),
      role: this.#role,
      action,
      phase,
      subject: this.#subject,
      traceId: this.traceId,
      ...(code === undefined ? {} : { code }),
    });
  }

  /** Does something between its two records: the intent before, the outcome after, also when it is refused. */
  async audited<T>(action: string, subject: AuditSubject, work: () => Promise<T>): Promise<T> {
    await this.audit('intent', action, subject);
    try {
      const result = await work();
      await this.audit('outcome', action, {}, 'OK');
      return result;
    } catch (error) {
      await this.audit('outcome', action, {}, error instanceof AppError ? error.code : 'INTERNAL');
      throw error;
    }
  }

  async #worksAt(session: DeskSessionDoc): Promise<boolean> {
    if (this.has('staff', 'admin') && this.actor.account.clinicIds.includes(session.clinicId)) return true;
    return (await this.doctorProfile())?._id === session.doctorId;
  }

  /** Whether the actor may act for the patient. */
  actsFor(patient: Patient): boolean {
    return this.has('patient') && patient.guardians.some((guardian) => guardian.accountId === this.accountId);
  }
}
