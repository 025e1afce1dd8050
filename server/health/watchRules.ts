import type { Level } from './judgement.ts';

export const watched = ['disk', 'certificate', 'backup'] as const;
export type Watched = (typeof watched)[number];

/** How one watched thing stands, over all hubs. Times in UTC ms. */
export interface Standing {
  readonly level: Level;
  /** Since when it is so. */
  readonly since: number;
  /** When it was first found better than `level`, of late without a break; null: it is not better. */
  readonly betterSince: number | null;
}

/** So long it must have been better to be believed: hubs have different disks, and one on the edge goes to and fro. ms */
export const mendedMs = 30 * 60_000;

const rank: Readonly<Record<Level, number>> = { ok: 0, warn: 1, fail: 2 };

/** The standing after a look. Worse counts at once. Pure. */
export function next(before: Standing | null, found: Level, now: number): Standing {
  if (before === null) return { level: found, since: now, betterSince: null };
  if (rank[found] > rank[before.level]) return { level: found, since: now, betterSince: null };
  if (found === before.level) return before.betterSince === null ? before : { ...before, betterSince: null };
  const betterSince = before.betterSince ?? now;
  return now - betterSince < mendedMs ? { ...before, betterSince } : { level: found, since: now, betterSince: null };
}
