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
  const spread = spreadOf(pace);
  const busy = atDesk(state);
  let mean = 0;
  let visits = 0;
  if (busy?.state === 'in-consultation') {
    mean = residual(pace, busy.mode, (now - (busy.startedAt ?? now)) / minute) + changeover;
    visits = 1;
  } else if (busy) {
    mean = changeover + typical(pace, busy.mode) + changeover;
    visits = 1;
  }
  for (const entry of waitingOrder(state)) {
    entries.set(entry.id, range(mean, spread * Math.sqrt(visits)));
    mean += typical(pace, entry.mode) + changeover;
    visits += 1;
  }
  return { entries, joining: range(mean, spread * Math.sqrt(visits)) };
}

/** The usual length of a visit, minutes: the doctor's median, blended with the slot length until there are five samples. */
export function typical(pace: Pace, mode: ConsultMode): number {
  const own = pace.recent.filter((visit) => visit.mode === mode).map((visit) => visit.minutes);
  const known = Math.min(own.length, enoughSamples);
  return (median(own) * known + pace.slotMinutes * (enoughSamples - known)) / enoughSamples;
}

/** How much longer a visit lasts that has lasted `elapsed` minutes: the median rest of visits that were longer. */
export function residual(pace: Pace, mode: ConsultMode, elapsed: number): number {
  const longer = pace.recent.filter((visit) => visit.mode === mode && visit.minutes > elapsed);
  if (longer.length > 0) return median(longer.map((visit) => visit.minutes - elapsed));
  return Math.max(typical(pace, mode) - elapsed, pace.slotMinutes / 5);
}

function spreadOf(pace: Pace): number {
  const assumed = pace.slotMinutes * assumedSpread;
  const lengths = pace.recent.map((visit) => visit.minutes);
  if (lengths.length < enoughSamples) return assumed;
  const centre = lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
  const variance = lengths.reduce((sum, length) => sum + (length - centre) ** 2, 0) / (lengths.length - 1);
  return Math.max(Math.sqrt(variance), 1);
}

/** Whole minutes, coarser the further away: nobody can promise 47 minutes. */
function range(mean: number, deviation: number): WaitRange {
  const step = mean > 20 ? 5 : 1;
  const low = Math.floor(Math.max(0, mean - z80 * deviation) / step) * step;
  const high = Math.ceil((mean + z80 * deviation) / step) * step;
  return { low, high: Math.max(high, low + step) };
}

function median(values: readonly number[]): number {
  if (values.length === 0) return 0;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}
