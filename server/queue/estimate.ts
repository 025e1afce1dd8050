import type { WaitRange } from '../../shared/contract/queueViews.ts';
import { atDesk, waitingOrder, type QueueEntry, type QueueState } from '../../shared/state/queue.ts';
import { mean, minute, square, waitPace, type Pace, type WaitPace } from './pace.ts';

export { residual, typical, type Pace, type Visit } from './pace.ts';

/** How many of a doctor's last visits are looked at: enough for a mean per kind of visit, few enough to follow a change. */
export const recentVisits = 60;
/** Half the width, in standard deviations, of a range that holds 80 % of a normal distribution. */
const z80 = 1.2816;
/** An announced end of a break is a promise that is often broken by this much, minutes (one standard deviation). */
const breakSlip = 5;

/** Nobody knows how long people will still come: urgent ones are expected for this long, minutes. */
const urgentHorizon = 90;

/** A wait so far: expected minutes, and the spread of what is random in it. */
interface Sum {
  /** Until the desk can begin with those who wait, breaks included; nobody overtakes that. */
  readonly fixed: number;
  /** Visits of those ahead. */
  readonly visits: number;
  readonly variance: number;
}

/**
 * Simulates the desk from now on: the rest of the break, the current visit, then everybody waiting in calling order, each
 * as long as this doctor takes and as probable to come as people here are; and those who will be put before them.
 * @returns per waiting entry the range of minutes until the call, and for somebody who would join now (`joining`). Null in
 *   a break whose end nobody knows.
 */
export function estimateWaits(
  state: QueueState,
  pace: Pace,
  now: number,
): { entries: Map<string, WaitRange | null>; joining: WaitRange | null } {
  const entries = new Map<string, WaitRange | null>();
  const known = waitPace(state, pace, now);
  const unknown = state.pause !== null && state.pause.until === null;
  let sum = untilFree(state, known, now);
  for (const entry of waitingOrder(state)) {
    entries.set(entry.id, unknown ? null : range(sum, known, entry.priority === 'normal'));
    sum = after(sum, known, entry);
  }
  return { entries, joining: unknown ? null : range(sum, known, true) };
}

/** Until whoever is at the desk has gone and the break is over. */
function untilFree(state: QueueState, pace: WaitPace, now: number): Sum {
  const left = Math.max(0, ((state.pause?.until ?? now) - now) / minute);
  const pause = { wait: left, variance: left > 0 ? square(breakSlip) : 0 };
  const busy = atDesk(state);
  if (!busy) return { fixed: pause.wait, visits: 0, variance: pause.variance };
  const since = (moment: number | null): number => (now - (moment ?? now)) / minute;
  const visit =
    busy.state === 'in-consultation'
      ? pace.rest(busy.mode, since(busy.startedAt))
      : Math.max(0, pace.changeover - since(busy.calledAt)) + pace.length(busy.mode);
  const variance = pace.cv2 * square(pace.length(busy.mode));
  // The break begins when the visit has ended, or has begun already in the shadow of it: the longer of the two.
  return { fixed: Math.max(visit, pause.wait), visits: 0, variance: Math.max(variance, pause.variance) };
}

/** One more visit ahead. They may not come: then only the call is lost. */
function after(sum: Sum, pace: WaitPace, entry: QueueEntry): Sum {
  const length = pace.length(entry.mode);
  const comes = entry.checkedInAt === null ? pace.comes : 1;
  const spread = comes * (1 + pace.cv2) * square(length) - square(comes * length);
  return {
    fixed: sum.fixed,
    visits: sum.visits + pace.changeover + comes * length,
    variance: sum.variance + spread,
  };
}

/**
 * Whole minutes, coarser the further away: nobody can promise 47 minutes. `overtaken`: urgent ones who come meanwhile go
 * first, and while they are seen more come.
 */
function range(sum: Sum, pace: WaitPace, overtaken: boolean): WaitRange {
  const base = sum.fixed + sum.visits;
  const exposed = Math.min(base, urgentHorizon);
  const expected = overtaken ? base + (exposed * pace.urgentLoad) / (1 - pace.urgentLoad) : base;
  const length = mean([pace.length('video'), pace.length('in-person')]);
  const urgent = (expected - base) * length * (1 + pace.cv2);
  // The usual length is itself only known from so many visits: that shifts all of them the same way.
  const deviation = Math.sqrt(sum.variance + square(sum.visits) * pace.meanError2 + urgent);
  const step = expected > 20 ? 5 : 1;
  const low = Math.floor(Math.max(0, expected - z80 * deviation) / step) * step;
  const high = Math.ceil((expected + z80 * deviation) / step) * step;
  return { low, high: Math.max(high, low + step) };
}
