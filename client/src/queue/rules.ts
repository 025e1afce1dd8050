import type { DeskPause, DeskSession, Place } from '../../../shared/contract/queueViews.ts';
import { isActive, type PauseReason } from '../../../shared/state/queue.ts';

/** What the patient's card shows: the state, for `called` and `in-consultation` how they meet, and whether the desk itself ended. */
export type CardFace =
  | 'waiting'
  | 'next'
  | 'called-video'
  | 'called-here'
  | 'meeting-video'
  | 'meeting-here'
  | 'on-hold'
  | 'skipped'
  | 'done'
  | 'no-show'
  | 'cancelled'
  | 'transferred'
  | 'desk-closed';

export function faceOf(place: Pick<Place, 'state' | 'mode' | 'ahead' | 'deskClosed'>): CardFace {
  const video = place.mode === 'video';
  switch (place.state) {
    case 'waiting':
      return place.ahead === 0 ? 'next' : 'waiting';
    case 'called':
      return video ? 'called-video' : 'called-here';
    case 'in-consultation':
      return video ? 'meeting-video' : 'meeting-here';
    case 'cancelled':
    case 'no-show':
      return place.deskClosed ? 'desk-closed' : place.state;
    default:
      return place.state;
  }
}

/** May still be given up by the patient: before the consultation. */
export function canLeave(place: Pick<Place, 'state'>): boolean {
  return isActive(place.state) && place.state !== 'in-consultation';
}

/** What is said about a desk where nobody is called just now: the reason, and the time announced, while that lies ahead. */
export type PauseKey = `${PauseReason}.${'until' | 'open' | 'overdue'}`;
export function pauseKey(pause: DeskPause, now: number): PauseKey {
  const when = pause.until === null ? 'open' : pause.until > now ? 'until' : 'overdue';
  return `${pause.reason}.${when}`;
}

/**
 * One call and one only: it changes with every call and recall, so that what was silenced stays silent until somebody calls anew.
 * Null while not called.
 */
export function callKey(place: Pick<Place, 'entryId' | 'state' | 'calledAt' | 'recalls'>): string | null {
  const key = linkedCallKey(place);
  return key === null ? null : `${place.entryId} ${key}`;
}
/** The same for the one place behind a link. */
export function linkedCallKey(place: Pick<Place, 'state' | 'calledAt' | 'recalls'>): string | null {
  return place.state === 'called' ? `${place.calledAt ?? 0} ${place.recalls}` : null;
}

/**
 * The wait as a line in time from joining to the latest the turn may come, in percent of it: how far it is waited, and where the turn may come
 * at the earliest. It survives a reload, being made of times only. Null without an estimate.
 */
export function barOf(
  place: Pick<Place, 'joinedAt' | 'range'>,
  now: number,
): { waited: number; earliest: number } | null {
  if (!place.range) return null;
  const waited = Math.max(0, (now - place.joinedAt) / 60_000);
  const total = Math.max(1, waited + place.range.high);
  return { waited: (waited / total) * 100, earliest: ((waited + place.range.low) / total) * 100 };
}

/** The doctors one can choose, from the live lobby of each clinic where it is there, else from the first answer; shortest queue first within a clinic. */
export function openDesks(
  first: readonly DeskSession[],
  lobbies: ReadonlyMap<string, readonly DeskSession[]>,
): DeskSession[] {
  const clinics = [...new Set([...first.map((desk) => desk.clinicId), ...lobbies.keys()])];
  const desks = clinics.flatMap((clinic) => lobbies.get(clinic) ?? first.filter((desk) => desk.clinicId === clinic));
  return desks
    .filter((desk) => desk.joinable !== false)
    .sort(
      (a, b) =>
        a.clinicName.localeCompare(b.clinicName) || a.waiting - b.waiting || a.doctorName.localeCompare(b.doctorName),
    );
}

/** Patients that are in a queue now, with the place they have: they cannot take another. */
export function takenPlaces(places: readonly Place[]): Map<string, Place> {
  return new Map(places.filter((place) => isActive(place.state)).map((place) => [place.patientId, place]));
}

/** Places that were called before and wait again now: the desk took the call back. */
export function takenBack(before: ReadonlyMap<string, Pick<Place, 'state'>>, now: readonly Place[]): Place[] {
  return now.filter((place) => place.state === 'waiting' && before.get(place.entryId)?.state === 'called');
}

/** Cards to show: one that moved to another desk gives way to the place there as soon as that is known. */
export function withoutMoved(places: readonly Place[]): Place[] {
  const known = new Set(places.map((place) => place.entryId));
  return places.filter((place) => !(place.movedTo && known.has(place.movedTo.entryId)));
}
