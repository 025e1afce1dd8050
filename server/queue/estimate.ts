import type { ConsultMode } from '../../shared/contract/common.ts';
import type { WaitRange } from '../../shared/contract/queue.ts';
import { atDesk, waitingOrder, type QueueState } from '../../shared/state/queue.ts';

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

const enoughSamples = 5;
const minute = 60_000;
/** From being called to sitting down, minutes. */
const changeover = 1;
/** Half the width, in standard deviations, of a range that holds 80 % of a normal distribution. */
const z80 = 1.2816;
/** Spread assumed until the doctor's own is known, as a share of the slot length. */
const assumedSpread = 0.45;

/**
 * Simulates the desk from now on: the current visit, then everybody waiting in calling order.
 * @returns per waiting entry the range of minutes until the call, and for somebody who would join now (`joining`).
 */
export function estimateWaits(
  state: QueueState,
  pace: Pace,
  now: number,
): { entries: Map<string, WaitRange>; joining: WaitRange } {
  const entries = new Map<string, WaitRange>();
  const deviation = deviationOf(pace);
  const busy = atDesk(state);
  let wait = 0;
  let visits = 0;
  if (busy?.state === 'in-consultation') {
    wait = residual(pace, busy.mode, (now - (busy.startedAt ?? now)) / minute) + changeover;
    visits = 1;
  } else if (busy) {
    wait = changeover + typical(pace, busy.mode) + changeover;
    visits = 1;
  }
  for (const entry of waitingOrder(state)) {
    entries.set(entry.id, range(wait, deviation(visits)));
    wait += typical(pace, entry.mode) + changeover;
    visits += 1;
  }
  return { entries, joining: range(wait, deviation(visits)) };
}

/**
 * The usual length of a visit, minutes: what the doctor's recent ones took, blended with the slot length until there are
 * five. The mean, not the median: a wait is a sum of visits, and the long ones count (decision 0003).
 */
export function typical(pace: Pace, mode: ConsultMode): number {
  const own = pace.recent.filter((visit) => visit.mode === mode).map((visit) => visit.minutes);
  const known = Math.min(own.length, enoughSamples);
  return (mean(own) * known + pace.slotMinutes * (enoughSamples - known)) / enoughSamples;
}

/** How much longer a visit lasts that has lasted `elapsed` minutes: the median rest of visits that were longer. */
export function residual(pace: Pace, mode: ConsultMode, elapsed: number): number {
  const longer = pace.recent.filter((visit) => visit.mode === mode && visit.minutes > elapsed);
  if (longer.length > 0) return median(longer.map((visit) => visit.minutes - elapsed));
  return Math.max(typical(pace, mode) - elapsed, pace.slotMinutes / 5);
}

/**
 * How uncertain a wait over `visits` visits is, minutes (one standard deviation): each visit differs by itself, and the
 * usual length is itself only known from so many samples, which shifts all of them the same way.
 */
function deviationOf(pace: Pace): (visits: number) => number {
  const lengths = pace.recent.map((visit) => visit.minutes);
  const own = lengths.length;
  const centre = mean(lengths);
  const square = (value: number): number => value * value;
  const assumed = square(pace.slotMinutes * assumedSpread);
  const spread = lengths.reduce((sum, length) => sum + square(length - centre), 0);
  const variance = (spread + assumed * enoughSamples) / (own + enoughSamples);
  const ofMean = variance / (own + enoughSamples);
  return (visits) => Math.sqrt(visits * variance + visits * visits * ofMean);
}

/** Whole minutes, coarser the further away: nobody can promise 47 minutes. */
function range(mean: number, deviation: number): WaitRange {
  const step = mean > 20 ? 5 : 1;
  const low = Math.floor(Math.max(0, mean - z80 * deviation) / step) * step;
  const high = Math.ceil((mean + z80 * deviation) / step) * step;
  return { low, high: Math.max(high, low + step) };
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function median(values: readonly number[]): number {
  if (values.length === 0) return 0;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}
