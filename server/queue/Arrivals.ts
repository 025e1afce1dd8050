import type { InputOf, OutputOf } from '../../shared/contract/index.ts';
import { AppError } from '../../shared/errors.ts';
import type { Access } from '../store/Access.ts';
import type { PlaceDoc } from '../store/entities.ts';
import type { Repos } from '../store/Repos.ts';
import type { QueueEvent, QueueState } from '../../shared/state/queue.ts';
import type { StreamsOf } from '../store/streams/index.ts';
import { endOfDay } from '../support/zone.ts';
import { reused, type DeskCommands } from './DeskCommands.ts';
import type { Keys } from './keys.ts';
import { whereNow, type Whereabouts } from './moved.ts';
import * as rules from './rules.ts';

export interface ArrivalsDeps {
  readonly repos: Repos;
  readonly queues: StreamsOf<QueueState, QueueEvent>;
  readonly desk: DeskCommands;
  readonly keys: Keys;
  /** Where people reach the platform; null: links begin with `/`. */
  readonly publicUrl: string | null;
  readonly now: () => number;
}

/** How long the code on a clinic's poster is good, ms. */
const checkInMs = 10 * 60_000;

/** Codes on slips and posters, and saying with them that one is here. */
export class Arrivals {
  readonly #deps: ArrivalsDeps;

  constructor(deps: ArrivalsDeps) {
    this.#deps = deps;
  }

  /** For the desk, and for whoever acts for the patient. */
  async placeLink(
    access: Access,
    { sessionId, entryId }: InputOf<'queue.placeLink'>,
  ): Promise<OutputOf<'queue.placeLink'>> {
    const { repos, keys, now } = this.#deps;
    // First whose desk or place it is: a stranger hears the same whether there is such a place.
    await (access.has('doctor', 'staff') ? access.desk(sessionId) : access.ownPlace(entryId));
    const place = await repos.places.get(entryId);
    if (place?.sessionId !== sessionId) throw new AppError('NOT_FOUND', 'no such place');
    access.about({ entryId, patientId: place.patientId });
    const clinic = await repos.clinics.get(place.clinicId);
    const expiresAt = endOfDay(now(), clinic?.zone ?? 'UTC', 1);
    const key = keys.sign('place-link', entryId, expiresAt);
    return { url: this.#url(`/place/${key}`), key, expiresAt };
  }

  async checkInCode(access: Access, clinicId: string): Promise<OutputOf<'queue.checkInCode'>> {
    await access.colleague(clinicId);
    // Whole minutes, as the code keeps them.
    const expiresAt = Math.ceil((this.#deps.now() + checkInMs) / 60_000) * 60_000;
    const code = this.#deps.keys.sign('check-in', clinicId, expiresAt);
    // Behind the `#`: it never reaches a server's log.
    return { code, url: this.#url(`/check-in#${code}`), expiresAt };
  }

  /**
   * At the clinic with the code shown there; for a video visit without one, from the online waiting room.
   * @throws AppError INVALID_INPUT without a code at the clinic or with another clinic's; LINK_EXPIRED with an old one.
   */
  async checkIn(
    access: Access,
    requestId: string,
    { entryId, code }: InputOf<'queue.checkIn'>,
  ): Promise<OutputOf<'queue.checkIn'>> {
    const { place } = await access.ownPlace(entryId);
    const via = this.#via(place, code);
    const command = access.command(requestId, 'patient');
    const { event } = await this.#deps.queues.command(place.sessionId, command, (state) =>
      rules.checkIn(state, entryId, via),
    );
    if (event.type !== 'checked-in' || event.data.entryId !== entryId) throw reused();
    return { entryId };
  }

  /** The patient's own code, read by the desk. */
  async scanArrived(
    access: Access,
    requestId: string,
    { clinicId, code }: InputOf<'queue.scanArrived'>,
  ): Promise<OutputOf<'queue.scanArrived'>> {
    await access.colleague(clinicId);
    const { clinicId: at, sessionId, _id: entryId } = await this.#ofLink(code);
    const mine = at === clinicId && (await access.desk(sessionId).catch(() => null));
    // A good code of another desk is answered like one that is none.
    if (!mine) throw new AppError('NOT_FOUND', 'no such code');
    return { ...(await this.#deps.desk.markArrived(access, requestId, { sessionId, entryId })), sessionId };
  }

  /** What a link was made for. @throws AppError LINK_EXPIRED, NOT_FOUND. */
  async linked(code: string): Promise<Whereabouts & { readonly patientId: string; readonly expiresAt: number }> {
    const { id, expiresAt } = this.#deps.keys.read('place-link', code, this.#deps.now());
    const place = await this.#deps.repos.places.get(id);
    if (!place) throw new AppError('NOT_FOUND', 'no such place');
    return { entryId: id, sessionId: place.sessionId, patientId: place.patientId, expiresAt };
  }

  /** The place a link leads to, at whatever desk it is by now. @throws AppError LINK_EXPIRED, NOT_FOUND. */
  async #ofLink(code: string): Promise<PlaceDoc> {
    const { entryId } = await whereNow(this.#deps.queues, await this.linked(code));
    const place = await this.#deps.repos.places.get(entryId);
    if (!place) throw new AppError('NOT_FOUND', 'no such place');
    return place;
  }

  #via(place: PlaceDoc, code: string | undefined): 'qr' | 'waiting-room' {
    if (code === undefined) {
      if (place.mode === 'video') return 'waiting-room';
      throw new AppError('INVALID_INPUT', 'at the clinic one checks in with the code shown there');
    }
    let clinicId: string;
    try {
      clinicId = this.#deps.keys.read('check-in', code, this.#deps.now()).id;
    } catch (error) {
      if (error instanceof AppError && error.code === 'LINK_EXPIRED') throw error;
      throw new AppError('INVALID_INPUT', 'that is not a code for check-in');
    }
    if (clinicId !== place.clinicId) throw new AppError('INVALID_INPUT', 'that code is of another clinic');
    return 'qr';
  }

  #url(path: string): string {
    return `${(this.#deps.publicUrl ?? '').replace(/\/$/, '')}${path}`;
  }
}
