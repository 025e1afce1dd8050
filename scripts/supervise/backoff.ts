/** When a process that died is started again. All times in milliseconds. */
export interface RestartPolicy {
  /** Wait before the first restart. */
  baseMs: number;
  /** Longest wait. */
  maxMs: number;
  /** A run at least this long counts as stable: the next death is a first one again. */
  stableMs: number;
  /** After this many deaths in a row without a stable run, restarting is given up. */
  maxDeaths: number;
}

export const DEFAULT_POLICY: RestartPolicy = { baseMs: 250, maxMs: 15_000, stableMs: 30_000, maxDeaths: 8 };

/** Deaths in a row after one more death of a run that lasted `ranMs`. */
export function countDeath(before: number, ranMs: number, policy: RestartPolicy): number {
  return ranMs >= policy.stableMs ? 1 : before + 1;
}

/**
 * How long to wait before the restart that follows the n-th death in a row, or `undefined` to give up. Doubles each time up
 * to the longest wait, then takes a random part between half of that and all of it (`random` in [0, 1)), so that
 * processes that died together do not come back together.
 */
export function restartDelay(deaths: number, policy: RestartPolicy, random: number): number | undefined {
  if (deaths >= policy.maxDeaths) return undefined;
  const full = Math.min(policy.maxMs, policy.baseMs * 2 ** (deaths - 1));
  return full / 2 + (full / 2) * random;
}
