/** How long before the end somebody is asked whether they are there: a minute, and never more than a third of the whole. */
export const warnMs = (idleMs: number): number => Math.min(60_000, idleMs / 3);

/** How often the hub is told that somebody is there, while somebody is: well within the limit. */
export const tellEveryMs = (idleMs: number): number => idleMs / 5;

export type Idleness = { readonly kind: 'there' } | { readonly kind: 'asking' | 'over'; readonly leftMs: number };

/** What the limit says `quietMs` after the last activity. */
export function idleness(quietMs: number, idleMs: number): Idleness {
  const leftMs = Math.max(0, idleMs - quietMs);
  if (leftMs === 0) return { kind: 'over', leftMs };
  return leftMs <= warnMs(idleMs) ? { kind: 'asking', leftMs } : { kind: 'there' };
}

/** When to look again, ms from now: at the next change, and each second while the time that is left is shown. */
export function nextLookMs(quietMs: number, idleMs: number): number {
  const left = idleMs - quietMs;
  return left <= warnMs(idleMs) ? Math.max(50, Math.min(1_000, left)) : Math.max(50, left - warnMs(idleMs));
}
