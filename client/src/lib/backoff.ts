/**
 * How long to wait before attempt number `attempt` (0 = the first retry), ms: doubles from `base` up to `cap`, with "equal jitter"
 * (half fixed, half random), so that a clinic's browsers do not all return in the same second after a hub restart.
 * `random()` is in [0, 1).
 */
export function backoff(attempt: number, random: () => number, base = 400, cap = 15_000): number {
  const ceiling = Math.min(cap, base * 2 ** Math.min(attempt, 16));
  return ceiling / 2 + random() * (ceiling / 2);
}
