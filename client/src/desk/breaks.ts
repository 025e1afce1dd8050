/** A break as it is typed: minutes, a time of day, or open-ended. */
export type BreakEnd = { kind: 'minutes'; minutes: number } | { kind: 'at'; time: string } | { kind: 'open' };

/** When a break ends, UTC ms; null when open-ended, undefined when what was typed is no time. A time that has passed is tomorrow's. */
export function breakUntil(end: BreakEnd, now: number): number | null | undefined {
  if (end.kind === 'open') return null;
  if (end.kind === 'minutes') return now + end.minutes * 60_000;
  const match = /^(\d{1,2}):(\d{2})$/.exec(end.time);
  if (!match) return undefined;
  const at = new Date(now);
  at.setHours(Number(match[1]), Number(match[2]), 0, 0);
  return at.getTime() > now ? at.getTime() : at.getTime() + 24 * 60 * 60_000;
}

/** Whole minutes until a break ends, negative when it should have ended; never −0. */
export function minutesLeft(until: number, now: number): number {
  const left = (until - now) / 60_000;
  return left >= 0 ? Math.ceil(left) : -Math.max(1, Math.floor(-left));
}
