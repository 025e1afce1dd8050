/** A page out of sight this long, ms: its person is elsewhere. */
export const hiddenAwayMs = 60_000;
/** Nothing touched this long, ms: nobody is at the device. */
export const idleAwayMs = 5 * 60_000;

/** What is known of the person at a device; times in ms of any one clock. */
export interface Attention {
  /** Since when the page has been out of sight; null while it is seen. */
  readonly hiddenSince: number | null;
  readonly lastInput: number;
}

/** Whether somebody counts as away now. */
export function isAway({ hiddenSince, lastInput }: Attention, now: number): boolean {
  return (hiddenSince !== null && now - hiddenSince >= hiddenAwayMs) || now - lastInput >= idleAwayMs;
}

/** How long until they would count as away if nothing happens; 0 when they do already. */
export function untilAway(attention: Attention, now: number): number {
  if (isAway(attention, now)) return 0;
  const byHiding = attention.hiddenSince === null ? Infinity : attention.hiddenSince + hiddenAwayMs - now;
  return Math.min(byHiding, attention.lastInput + idleAwayMs - now);
}
