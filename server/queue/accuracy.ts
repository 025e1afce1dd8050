import type { InputOf, OutputOf } from '../../shared/contract/index.ts';
import type { Access } from '../store/Access.ts';
import type { Repos } from '../store/Repos.ts';

const day = 24 * 3600_000;
const minute = 60_000;
/** Visits looked at, the newest first. */
const mostVisits = 5_000;

/** One promise and what came of it, minutes. */
export interface Kept {
  readonly low: number;
  readonly high: number;
  readonly actual: number;
  /** “Number ahead × slot length”. */
  readonly naive: number;
}

/** How good promises were. Half a minute of grace: they are made in whole minutes. */
export function accuracyOf(kept: readonly Kept[]) {
  const inside = kept.filter(({ low, high, actual }) => actual >= low - 0.5 && actual <= high + 0.5).length;
  return {
    visits: kept.length,
    inside: kept.length === 0 ? 0 : inside / kept.length,
    medianError: median(kept.map(({ low, high, actual }) => Math.abs((low + high) / 2 - actual))),
    naiveMedianError: median(kept.map(({ naive, actual }) => Math.abs(naive - actual))),
  };
}

/** Compares what people were told on joining with when they were called. Only visits that took place are counted. */
export async function accuracyAt(
  { repos, now }: { readonly repos: Repos; readonly now: () => number },
  access: Access,
  { clinicId, days }: InputOf<'queue.accuracy'>,
): Promise<OutputOf<'queue.accuracy'>> {
  const doctors = await access.doctorsAt(clinicId);
  const visits = await repos.encounters.many(
    {
      doctorId: { $in: doctors.map((doctor) => doctor._id) },
      startedAt: { $gte: now() - days * day },
      calledAt: { $exists: true },
      status: { $ne: 'void' },
    },
    { sort: { startedAt: -1 }, limit: mostVisits },
  );
  const places = await repos.places.many({ _id: { $in: visits.map((visit) => visit.entryId) }, clinicId });
  const placeOf = new Map(places.map((place) => [place._id, place]));
  const sessions = await repos.deskSessions.many({ _id: { $in: [...new Set(visits.map((one) => one.sessionId))] } });
  const slots = new Map(sessions.map((session) => [session._id, session.slotMinutes]));
  return {
    doctors: doctors.map((doctor) => ({
      doctorId: doctor._id,
      doctorName: doctor.name,
      ...accuracyOf(
        visits.flatMap((visit): Kept[] => {
          const place = placeOf.get(visit.entryId);
          if (visit.doctorId !== doctor._id || !place?.promised || visit.calledAt === undefined) return [];
          const { low, high, ahead } = place.promised;
          const actual = Math.max(0, visit.calledAt - place.createdAt) / minute;
          return [{ low, high, actual, naive: ahead * (slots.get(visit.sessionId) ?? 0) }];
        }),
      ),
    })),
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
