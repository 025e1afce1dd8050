import type { ConsultMode } from '../../shared/contract/common.ts';
import type { QueueState } from '../../shared/state/queue.ts';

/** One finished visit of the doctor: how long it took, minutes. */
export interface Visit {
  readonly mode: ConsultMode;
  readonly minutes: number;
}
/** What is known of how fast a desk works. */
export interface Pace {
  /** The planned length of a visit, minutes. */
  readonly slotMinutes: number;
  /** The doctor's recent visits, any order. */
  readonly recent: readonly Visit[];
}

/** What the next hours are expected to be like, from all that is known now. Minutes. */
export interface WaitPace {
  length(mode: ConsultMode): number;
  rest(mode: ConsultMode, elapsed: number): number;
  /** From being called to sitting down. */
  readonly changeover: number;
  /** How probable it is that somebody who is not checked in comes when called. */
  readonly comes: number;
  /** Variance of a visit, as a share of its length squared. */
  readonly cv2: number;
  /** The same of the usual length, which is known from samples only. */
  readonly meanError2: number;
  /** Share of the doctor's time that urgent ones take who are not here yet. */
  readonly urgentLoad: number;
}

export const minute = 60_000;
export const square = (value: number): number => value * value;

/** What is believed before anything was seen, and how many observations that belief is worth. */
const prior = {
  /** Of the doctor's whole pace against the slot length. */
  pace: 3,
  /** Of one mode against the doctor's whole pace. */
  mode: 4,
  changeover: { minutes: 1, worth: 4 },
  cv2: { value: 0.2, worth: 6 },
  comes: { share: 0.95, worth: 20 },
  urgent: { share: 0.05, worth: 20 },
} as const;
/** Never more than this is kept free for those who are not here yet. */
const mostUrgent = 0.3;

export function waitPace(state: QueueState, pace: Pace, now: number): WaitPace {
  const { recent } = pace;
  const lengths = { video: typical(pace, 'video'), 'in-person': typical(pace, 'in-person') };
  const length = (mode: ConsultMode): number => lengths[mode];
  const squares = recent.map((visit) => square(visit.minutes / length(visit.mode) - 1));
  const cv2 = shrunk(squares, prior.cv2.value, prior.cv2.worth);
  const entries = Object.values(state.entries);

  const sittings = entries.flatMap((entry) =>
    entry.calledAt !== null && entry.startedAt !== null && entry.startedAt >= entry.calledAt && entry.skips === 0
      ? [(entry.startedAt - entry.calledAt) / minute]
      : [],
  );
  const called = entries.filter((entry) => entry.startedAt !== null || entry.state === 'no-show' || entry.skips > 0);
  const came = called.map((entry) => (entry.startedAt !== null && entry.skips === 0 ? 1 : 0));
  const first = Math.min(now, ...entries.map((entry) => entry.joinedAt));
  const urgent = entries.map((entry) => (entry.priority === 'normal' ? 0 : 1));
  const elapsed = Math.max((now - first) / minute, pace.slotMinutes);
  const perMinute = (entries.length / elapsed) * shrunk(urgent, prior.urgent.share, prior.urgent.worth);
  const changeover = shrunk(sittings, prior.changeover.minutes, prior.changeover.worth);
  const usual = mean([length('video'), length('in-person')]) + changeover;
  return {
    length,
    rest: (mode, elapsedMinutes) => residual(pace, mode, elapsedMinutes),
    changeover,
    comes: shrunk(came, prior.comes.share, prior.comes.worth),
    cv2,
    meanError2: (cv2 + 0.05) / (recent.length + prior.pace),
    urgentLoad: Math.min(mostUrgent, perMinute * usual),
  };
}

/**
 * The usual length of a visit, minutes: the mean of the doctor's recent ones in that mode, drawn to the doctor's whole pace,
 * and that to the slot length, the more the fewer there are. The mean, not the median: a wait is a sum of visits, and the
 * long ones count (decision 0003).
 */
export function typical(pace: Pace, mode: ConsultMode): number {
  const all = pace.recent.map((visit) => visit.minutes);
  const own = pace.recent.filter((visit) => visit.mode === mode).map((visit) => visit.minutes);
  return shrunk(own, shrunk(all, pace.slotMinutes, prior.pace), prior.mode);
}

/** How much longer a visit lasts that has lasted `elapsed` minutes: the rest of visits that were longer. */
export function residual(pace: Pace, mode: ConsultMode, elapsed: number): number {
  const longer = pace.recent.filter((visit) => visit.mode === mode && visit.minutes > elapsed);
  const usual = Math.max(typical(pace, mode) - elapsed, pace.slotMinutes / 5);
  return shrunk(
    longer.map((visit) => visit.minutes - elapsed),
    usual,
    2,
  );
}

/** The mean of what was seen, drawn to what was believed as if that had been seen `worth` times. */
function shrunk(seen: readonly number[], believed: number, worth: number): number {
  return (seen.reduce((sum, value) => sum + value, 0) + believed * worth) / (seen.length + worth);
}

export function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
