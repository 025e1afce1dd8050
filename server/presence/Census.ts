import type { ConsultMode } from '../../shared/contract/common.ts';
import type { CareTeam } from '../../shared/contract/presence.ts';
import { bestOf, presenceOf, type PresenceState } from '../../shared/state/presence.ts';
import { isActive, type PauseReason, type QueueEvent, type QueueState } from '../../shared/state/queue.ts';
import type { DeskSessionDoc } from '../store/entities.ts';
import type { Repos } from '../store/Repos.ts';
import type { StreamsOf } from '../store/streams/index.ts';
import type { PresenceBook } from './Book.ts';

export interface CensusDeps {
  readonly repos: Repos;
  readonly queues: StreamsOf<QueueState, QueueEvent>;
  readonly book: PresenceBook;
  readonly now: () => number;
}

/** A finding, and whose connection and which queues it rests on: when one of them changes, look again. */
export interface Found<S> {
  readonly state: S;
  readonly accounts: ReadonlySet<string>;
  readonly sessions: ReadonlySet<string>;
}

/** Pauses in which the doctor is away from the desk; late or with a broken line they are what their connection says. */
const breaks: ReadonlySet<PauseReason> = new Set(['break', 'emergency', 'other']);

/** Who belongs to a clinic changes rarely, ms. */
const rememberMs = 10_000;

interface Crew {
  /** Accounts of its staff and admins. */
  readonly staff: readonly string[];
  readonly reception: readonly string[];
  readonly doctors: readonly { readonly id: string; readonly accountId: string }[];
  readonly until: number;
}

/** Puts connections and queues together into who is there for whom. Reads only; who may look was decided before. */
export class Census {
  readonly #deps: CensusDeps;
  readonly #crews = new Map<string, Crew>();
  readonly #guardians = new Map<string, { readonly accounts: readonly string[]; readonly until: number }>();

  constructor(deps: CensusDeps) {
    this.#deps = deps;
  }

  /** Doctors and staff of a clinic by account id, and the doctor of each of its open desks by session id. */
  async clinic(clinicId: string): Promise<Found<Record<string, PresenceState>>> {
    const { repos, book } = this.#deps;
    const crew = await this.#crew(clinicId);
    // Also desks elsewhere: a doctor who consults there is not free here.
    const sessions = await repos.deskSessions.many({
      status: 'open',
      doctorId: { $in: crew.doctors.map((doctor) => doctor.id) },
    });
    const state: Record<string, PresenceState> = {};
    for (const accountId of crew.staff) state[accountId] = book.connectionOf(accountId);
    for (const { id, accountId } of crew.doctors) {
      const own = sessions.filter((session) => session.doctorId === id);
      const presence = await this.#doctor(accountId, own);
      state[accountId] = bestOf([presence, state[accountId] ?? 'offline']);
      for (const session of own) if (session.clinicId === clinicId) state[session._id] = presence;
    }
    return {
      state: present(state),
      accounts: new Set([...crew.staff, ...crew.doctors.map((doctor) => doctor.accountId)]),
      sessions: new Set(sessions.map((session) => session._id)),
    };
  }

  /** The patients who are in a queue now, by patient id. */
  async queue(sessionId: string): Promise<Found<Record<string, PresenceState>>> {
    const { queues, book } = this.#deps;
    const entries = Object.values((await queues.load(sessionId)).state.entries).filter((one) => isActive(one.state));
    const state: Record<string, PresenceState> = {};
    const accounts = new Set<string>();
    for (const { patientId, mode, state: entryState } of entries) {
      const guardians = await this.#guardiansOf(patientId);
      for (const accountId of guardians) accounts.add(accountId);
      const connection = bestOf(guardians.map((accountId) => book.connectionOf(accountId)));
      const consulting = entryState === 'in-consultation' ? mode : null;
      state[patientId] = presenceOf({ connection, consulting, deskPaused: false });
    }
    return { state: present(state), accounts, sessions: new Set([sessionId]) };
  }

  /** Whom a patient waits for; null when there is no such place. */
  async careTeam(entryId: string): Promise<Found<CareTeam> | null> {
    const { repos, book } = this.#deps;
    const place = await repos.places.get(entryId);
    const doctor = place ? await repos.doctors.get(place.doctorId) : null;
    if (!place || !doctor) return null;
    const sessions = await repos.deskSessions.many({ status: 'open', doctorId: doctor._id });
    const { reception } = await this.#crew(place.clinicId);
    return {
      state: {
        doctor: await this.#doctor(doctor.accountId, sessions),
        reception: reception.some((accountId) => book.connectionOf(accountId) === 'online'),
      },
      accounts: new Set([doctor.accountId, ...reception]),
      sessions: new Set(sessions.map((session) => session._id)),
    };
  }

  async #doctor(accountId: string, sessions: readonly DeskSessionDoc[]): Promise<PresenceState> {
    const states = await Promise.all(
      sessions.map(async (session) => (await this.#deps.queues.load(session._id)).state),
    );
    const modes = states.map(consultingIn).filter((mode) => mode !== null);
    return presenceOf({
      connection: this.#deps.book.connectionOf(accountId),
      consulting: modes.find((mode) => mode === 'in-person') ?? modes[0] ?? null,
      deskPaused: states.some(({ pause }) => pause !== null && breaks.has(pause.reason)),
    });
  }

  async #crew(clinicId: string): Promise<Crew> {
    const now = this.#deps.now();
    const known = this.#crews.get(clinicId);
    if (known && known.until > now) return known;
    const { repos } = this.#deps;
    const [accounts, doctors] = await Promise.all([
      repos.accounts.many({ clinicIds: clinicId }),
      repos.doctors.many({ clinicIds: clinicId }),
    ]);
    const staff = accounts.filter((one) => one.roles.some((role) => role === 'staff' || role === 'admin'));
    const crew: Crew = {
      staff: staff.map((one) => one._id),
      reception: staff.filter((one) => one.roles.includes('staff')).map((one) => one._id),
      doctors: doctors.map((one) => ({ id: one._id, accountId: one.accountId })),
      until: now + rememberMs,
    };
    if (this.#crews.size > 1_000) this.#crews.clear();
    this.#crews.set(clinicId, crew);
    return crew;
  }

  async #guardiansOf(patientId: string): Promise<readonly string[]> {
    const now = this.#deps.now();
    const known = this.#guardians.get(patientId);
    if (known && known.until > now) return known.accounts;
    const patient = await this.#deps.repos.patients.get(patientId);
    const accounts = patient?.guardians.map((guardian) => guardian.accountId) ?? [];
    if (this.#guardians.size > 20_000) this.#guardians.clear();
    this.#guardians.set(patientId, { accounts, until: now + rememberMs });
    return accounts;
  }
}

function consultingIn(state: QueueState): ConsultMode | null {
  return Object.values(state.entries).find((entry) => entry.state === 'in-consultation')?.mode ?? null;
}

/** Offline is what is not listed. */
function present(state: Readonly<Record<string, PresenceState>>): Record<string, PresenceState> {
  return Object.fromEntries(Object.entries(state).filter(([, presence]) => presence !== 'offline'));
}
