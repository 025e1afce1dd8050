import type { DeskPause, DeskSession, Directory, Place, Triages, WaitRange } from '../../shared/contract/queueViews.ts';
import {
  atDesk,
  isActive,
  tokenLabel,
  waitingOrder,
  type QueueEvent,
  type QueueState,
} from '../../shared/state/queue.ts';
import type { BoardDesk } from '../../shared/contract/board.ts';
import type { DeskSessionDoc, PlaceDoc } from '../store/entities.ts';
import type { Repos } from '../store/Repos.ts';
import type { Loaded, StreamsOf } from '../store/streams/index.ts';
import { boardDeskOf } from './boardDesk.ts';
import { estimateWaits, recentVisits, type Pace, type Visit } from './estimate.ts';
import { triageOf } from './triage.ts';

export interface QueueViewsDeps {
  readonly repos: Repos;
  readonly queues: StreamsOf<QueueState, QueueEvent>;
  readonly now: () => number;
}

/** What does not change during a clinic, remembered briefly. */
interface Card {
  readonly session: {
    readonly id: string;
    readonly label: string;
    readonly startsAt: number;
    readonly clinicId: string;
  };
  readonly doctorId: string;
  readonly doctorName: string;
  readonly specialty: string;
  readonly clinicName: string;
  readonly zone: string;
  readonly slotMinutes: number;
  readonly earlier: readonly Visit[];
  readonly until: number;
}

const rememberMs = 30_000;
/** Where a clinic has not set it. */
const longWaitMinutes = 30;
/** Which desks are open is asked again this often; {@link QueueViews.desksChanged} forgets it at once. */
const desksMs = 2_000;

/** Turns queue states into what each audience may see. Reads only; who may look was decided before. */
export class QueueViews {
  readonly #deps: QueueViewsDeps;
  readonly #cards = new Map<string, Card>();
  readonly #names = new Map<string, { name: string; until: number }>();
  readonly #desks = new Map<string, { open: Promise<DeskSessionDoc[]>; until: number }>();

  constructor(deps: QueueViewsDeps) {
    this.#deps = deps;
  }

  /** A session as patients and lobbies see it, or null when it does not exist. */
  async deskSession(sessionId: string): Promise<DeskSession | null> {
    const card = await this.#card(sessionId);
    if (!card) return null;
    const { state } = await this.#deps.queues.load(sessionId);
    return {
      id: sessionId,
      doctorId: card.doctorId,
      doctorName: card.doctorName,
      specialty: card.specialty,
      clinicId: card.session.clinicId,
      clinicName: card.clinicName,
      zone: card.zone,
      label: card.session.label,
      startsAt: card.session.startsAt,
      waiting: waitingOrder(state).length,
      range: estimateWaits(state, paceOf(card, state), this.#deps.now()).joining,
      doctor: doctorState(state),
      pause: pauseOf(state),
    };
  }

  /** Open sessions of a clinic, in the order they began. */
  async lobby(clinicId: string): Promise<DeskSession[]> {
    const open = await this.openDesks(clinicId);
    const views = await this.deskSessions(open.map((session) => session._id));
    const shut = new Set(open.filter((session) => session.shut).map((session) => session._id));
    return views.map((view) => (shut.has(view.id) ? { ...view, joinable: false } : view));
  }

  /** The same, as documents. Views of a busy clinic ask again and again: remembered for a moment. */
  openDesks(clinicId: string): Promise<DeskSessionDoc[]> {
    const now = this.#deps.now();
    const known = this.#desks.get(clinicId);
    if (known && known.until > now) return known.open;
    const open = this.#deps.repos.deskSessions.many({ status: 'open', clinicId }, { sort: { startsAt: 1 } });
    if (this.#desks.size > 2_000) this.#desks.clear();
    this.#desks.set(clinicId, { open, until: now + desksMs });
    open.catch(() => this.#desks.delete(clinicId));
    return open;
  }

  /** A desk of this clinic opened or closed. */
  desksChanged(clinicId: string): void {
    this.#desks.delete(clinicId);
  }

  /** A desk as a public board shows it. */
  async boardDesk(sessionId: string): Promise<BoardDesk | null> {
    const card = await this.#card(sessionId);
    if (!card) return null;
    const { state } = await this.#deps.queues.load(sessionId);
    return boardDeskOf({ sessionId, doctorName: card.doctorName, label: card.session.label }, state);
  }

  async deskSessions(ids: readonly string[]): Promise<DeskSession[]> {
    const all = await Promise.all(ids.map((id) => this.deskSession(id)));
    return all.filter((session) => session !== null);
  }

  /** Places of one queue as their owners see them, for the entries asked for. */
  async places(sessionId: string, entryIds: readonly string[], loaded?: Loaded<QueueState>): Promise<Place[]> {
    const card = await this.#card(sessionId);
    if (!card) return [];
    const { state } = loaded ?? (await this.#deps.queues.load(sessionId));
    const order = new Map(waitingOrder(state).map((entry, ahead) => [entry.id, ahead]));
    const { entries: ranges } = estimateWaits(state, paceOf(card, state), this.#deps.now());
    const entries = entryIds.flatMap((entryId) => state.entries[entryId] ?? []);
    // All at once: names that are missing are asked for together.
    return await Promise.all(
      entries.map(async (entry) => ({
        entryId: entry.id,
        sessionId,
        patientId: entry.patientId,
        patientName: await this.#patientName(entry.patientId),
        token: tokenLabel(entry.token),
        mode: entry.mode,
        state: entry.state,
        ahead: order.get(entry.id) ?? 0,
        range: ranges.get(entry.id) ?? null,
        recalls: entry.recalls,
        joinedAt: entry.joinedAt,
        calledAt: entry.calledAt,
        startedAt: entry.startedAt,
        endedAt: entry.endedAt,
        checkedInAt: entry.checkedInAt,
        clinicId: card.session.clinicId,
        doctorName: card.doctorName,
        clinicName: card.clinicName,
        zone: card.zone,
        doctor: doctorState(state),
        pause: pauseOf(state),
        deskClosed: entry.endedAt !== null && entry.endedAt === state.closedAt,
        movedTo: entry.to && { entryId: entry.to.entryId, doctorName: await this.#doctorOf(entry.to.sessionId) },
        movedFrom: entry.from && { doctorName: await this.#doctorOf(entry.from.sessionId) },
      })),
    );
  }

  /** What somebody who has just joined is told: minutes until the call, and how many go before. Null in an open-ended break. */
  async promise(sessionId: string, entryId: string): Promise<(WaitRange & { ahead: number }) | null> {
    const card = await this.#card(sessionId);
    if (!card) return null;
    const { state } = await this.#deps.queues.load(sessionId);
    const ahead = waitingOrder(state).findIndex((entry) => entry.id === entryId);
    const range = estimateWaits(state, paceOf(card, state), this.#deps.now()).entries.get(entryId);
    return range && ahead >= 0 ? { ...range, ahead: ahead + (atDesk(state) ? 1 : 0) } : null;
  }

  /** The given claims as places, in the same order; those whose join is not through are left out. */
  async history(docs: readonly PlaceDoc[]): Promise<Place[]> {
    const found = new Map<string, Place>();
    for (const sessionId of new Set(docs.map((doc) => doc.sessionId))) {
      const entryIds = docs.filter((doc) => doc.sessionId === sessionId).map((doc) => doc._id);
      for (const place of await this.places(sessionId, entryIds)) found.set(place.entryId, place);
    }
    return docs.flatMap((doc) => found.get(doc._id) ?? []);
  }

  /** Who the people in a session's queue are; for its desk only. */
  async directory(sessionId: string): Promise<Directory> {
    const claims = await this.#deps.repos.places.many({ sessionId });
    const ids = [...new Set(claims.map((claim) => claim.patientId))];
    const patients = await this.#deps.repos.patients.many({ _id: { $in: ids } });
    const byId = new Map(patients.map((patient) => [patient._id, patient]));
    const entries: Directory['entries'] = {};
    for (const claim of claims) {
      const patient = byId.get(claim.patientId);
      if (!patient) continue;
      const { name, code, gender, birthYear, phone } = patient;
      entries[claim._id] = {
        entryId: claim._id,
        patientId: patient._id,
        name,
        code,
        gender,
        birthYear,
        phone,
        reason: claim.reason,
        transferredBy: claim.transferredFrom ? await this.#doctorOf(claim.transferredFrom.sessionId) : null,
      };
    }
    const session = await this.#deps.repos.deskSessions.get(sessionId);
    const clinic = session && (await this.#deps.repos.clinics.get(session.clinicId));
    return { entries, longWaitMinutes: clinic?.longWaitMinutes ?? longWaitMinutes };
  }

  /** What nurses found of those in a session's queue. */
  async triages(sessionId: string): Promise<Triages> {
    return { entries: Object.fromEntries(await triageOf(this.#deps.repos, sessionId)) };
  }

  /** Entries in which patients of this account are now. */
  async activeEntriesOf(accountId: string): Promise<string[]> {
    const patients = await this.#deps.repos.patients.many({ 'guardians.accountId': accountId });
    const filter = { patientId: { $in: patients.map((patient) => patient._id) }, active: true };
    const claims = patients.length === 0 ? [] : await this.#deps.repos.places.many(filter);
    const entries = [];
    for (const claim of claims.sort((a, b) => a.createdAt - b.createdAt)) {
      // The claim may be ahead of the queue or behind it; the queue decides.
      const { state } = await this.#deps.queues.load(claim.sessionId);
      const entry = state.entries[claim._id];
      if (entry && isActive(entry.state)) entries.push(claim._id);
    }
    return entries;
  }

  async guardiansOf(patientId: string): Promise<string[]> {
    const patient = await this.#deps.repos.patients.get(patientId);
    return patient?.guardians.map((guardian) => guardian.accountId) ?? [];
  }

  async clinicOf(sessionId: string): Promise<string | null> {
    return (await this.#card(sessionId))?.session.clinicId ?? null;
  }

  async #card(sessionId: string): Promise<Card | null> {
    const now = this.#deps.now();
    const known = this.#cards.get(sessionId);
    if (known && known.until > now) return known;
    const { repos } = this.#deps;
    const session = await repos.deskSessions.get(sessionId);
    if (!session) return null;
    const [doctor, clinic, earlier] = await Promise.all([
      repos.doctors.get(session.doctorId),
      repos.clinics.get(session.clinicId),
      repos.encounters.many(
        { doctorId: session.doctorId, endedAt: { $gt: 0 }, sessionId: { $ne: sessionId } },
        { sort: { endedAt: -1 }, limit: recentVisits },
      ),
    ]);
    if (!doctor || !clinic) return null;
    const card: Card = {
      session: { id: sessionId, label: session.label, startsAt: session.startsAt, clinicId: session.clinicId },
      doctorId: doctor._id,
      doctorName: doctor.name,
      specialty: doctor.specialty,
      clinicName: clinic.name,
      zone: clinic.zone,
      slotMinutes: session.slotMinutes,
      earlier: earlier.map((visit) => ({
        mode: visit.mode,
        minutes: ((visit.endedAt ?? 0) - visit.startedAt) / 60_000,
      })),
      until: now + rememberMs,
    };
    if (this.#cards.size > 2_000) this.#cards.clear();
    this.#cards.set(sessionId, card);
    return card;
  }

  async #doctorOf(sessionId: string): Promise<string> {
    return (await this.#card(sessionId))?.doctorName ?? '';
  }

  async #patientName(patientId: string): Promise<string> {
    const now = this.#deps.now();
    const known = this.#names.get(patientId);
    if (known && known.until > now) return known.name;
    const name = (await this.#deps.repos.patients.get(patientId))?.name ?? '';
    if (this.#names.size > 20_000) this.#names.clear();
    this.#names.set(patientId, { name, until: now + rememberMs });
    return name;
  }
}

/** The doctor's pace: today's finished visits in this queue, then earlier ones. */
function paceOf(card: Card, state: QueueState): Pace {
  const today: Visit[] = Object.values(state.entries)
    .filter((entry) => entry.state === 'done' && entry.startedAt !== null && entry.endedAt !== null)
    .sort((a, b) => (b.endedAt ?? 0) - (a.endedAt ?? 0))
    .map((entry) => ({ mode: entry.mode, minutes: ((entry.endedAt ?? 0) - (entry.startedAt ?? 0)) / 60_000 }));
  return { slotMinutes: card.slotMinutes, recent: [...today, ...card.earlier].slice(0, recentVisits) };
}

function doctorState(state: QueueState): DeskSession['doctor'] {
  const busy = atDesk(state);
  if (!busy) return state.pause ? 'on-break' : 'free';
  return busy.state === 'called' ? 'calling' : 'consulting';
}

function pauseOf(state: QueueState): DeskPause | null {
  return state.pause && { reason: state.pause.reason, until: state.pause.until };
}
