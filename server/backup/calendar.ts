import { endOfDay } from '../support/zone.ts';
import type { Keep } from './config.ts';

const minute = 60_000;
/** Older than this, the newest backup is late, ms. */
export const lateMs = 36 * 60 * minute;
/** How often the newest one is read back, ms. */
export const verifyMs = 7 * 24 * 60 * minute;
const mostAttempts = 8;

/** The latest moment at or before `now` at which a backup is due. @param at minutes after midnight in the zone. */
export function latestSlot(now: number, at: number, zone: string): number {
  const today = endOfDay(now, zone, -1) + at * minute;
  return today <= now ? today : endOfDay(now, zone, -2) + at * minute;
}

export function nextSlot(now: number, at: number, zone: string): number {
  const today = endOfDay(now, zone, -1) + at * minute;
  return today > now ? today : endOfDay(now, zone) + at * minute;
}

/** How long after its `attempts`-th failure a backup is tried again, ms; null when it is given up until the next day. */
export function retryAfter(attempts: number): number | null {
  return attempts >= mostAttempts ? null : Math.min(120, 5 * 2 ** (attempts - 1)) * minute;
}

interface Dated {
  readonly name: string;
  readonly at: number;
}

/**
 * Which archives may go. Kept are the newest of each of the last days, weeks and months that have one, the newest of all, and the last one that
 * was read back well.
 * @param proven name of that one.
 */
export function expired<T extends Dated>(archives: readonly T[], keep: Keep, zone: string, proven: string | null): T[] {
  const newestFirst = [...archives].sort((a, b) => b.at - a.at);
  const kept = new Set<string>(newestFirst.slice(0, 1).map(({ name }) => name));
  if (proven !== null) kept.add(proven);
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  });
  const day = (at: number): string => format.format(at);
  const week = (at: number): string => {
    const days = Math.floor(Date.parse(day(at)) / (24 * 60 * minute));
    // 1970 began on a Thursday; weeks begin on Monday.
    return String(Math.floor((days + 3) / 7));
  };
  const month = (at: number): string => day(at).slice(0, 7);
  for (const [period, count] of [
    [day, keep.daily],
    [week, keep.weekly],
    [month, keep.monthly],
  ] as const) {
    const seen = new Set<string>();
    for (const { name, at } of newestFirst) {
      const of = period(at);
      if (seen.has(of)) continue;
      if (seen.size >= count) break;
      seen.add(of);
      kept.add(name);
    }
  }
  return newestFirst.filter(({ name }) => !kept.has(name));
}
