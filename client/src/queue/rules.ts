import type { DeskSession, Place } from '../../../shared/contract/queue.ts';
import { isActive } from '../../../shared/state/queue.ts';

/** What the patient's card shows: the state, and for `called` and `in-consultation` how they meet. */
export type CardFace =
  | 'waiting'
  | 'next'
  | 'called-video'
  | 'called-here'
  | 'meeting-video'
  | 'meeting-here'
  | 'skipped'
  | 'done'
  | 'cancelled';

export function faceOf(place: Pick<Place, 'state' | 'mode' | 'ahead'>): CardFace {
  const video = place.mode === 'video';
  switch (place.state) {
    case 'waiting':
      return place.ahead === 0 ? 'next' : 'waiting';
    case 'called':
      return video ? 'called-video' : 'called-here';
    case 'in-consultation':
      return video ? 'meeting-video' : 'meeting-here';
    default:
      return place.state;
  }
}

/** May still be given up by the patient: before the consultation. */
export function canLeave(place: Pick<Place, 'state'>): boolean {
  return place.state === 'waiting' || place.state === 'called' || place.state === 'skipped';
}

/**
 * One call and one only: it changes with every call and recall, so that what was silenced stays silent until somebody calls anew.
 * Null while not called.
 */
export function callKey(place: Pick<Place, 'entryId' | 'state' | 'calledAt' | 'recalls'>): string | null {
  return place.state === 'called' ? `${place.entryId} ${place.calledAt ?? 0} ${place.recalls}` : null;
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
  return [...desks].sort(
    (a, b) =>
      a.clinicName.localeCompare(b.clinicName) || a.waiting - b.waiting || a.doctorName.localeCompare(b.doctorName),
  );
}

/** Patients that are in a queue now, with the place they have: they cannot take another. */
export function takenPlaces(places: readonly Place[]): Map<string, Place> {
  return new Map(places.filter((place) => isActive(place.state)).map((place) => [place.patientId, place]));
}
