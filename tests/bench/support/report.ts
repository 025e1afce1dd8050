import { seededRandom } from '../../support/simulatedClinic.ts';
import { median, ratioOfPairs, type Pair } from './measure.ts';

/** One key's outcome: a row for people, figures for programs. */
export interface Figures {
  readonly row: Readonly<Record<string, string | number>>;
  readonly json: Readonly<Record<string, unknown>>;
}

export interface Aim {
  readonly unit: string;
  /** What the ratio has to reach, or stay under. */
  readonly target: number;
  readonly best: 'high' | 'low';
  /** Whether the pessimistic end of the interval has to, too. */
  readonly byBound?: boolean;
}

/** Pairs as a row and figures. `more` are further figures that were seen. */
export function figures(aim: Aim, pairs: readonly Pair[], more: Readonly<Record<string, number>> = {}): Figures {
  const result = ratioOfPairs(pairs, seededRandom(1));
  const { ratio, lower, upper } = result;
  const bound = aim.best === 'high' ? lower : upper;
  const judged = aim.byBound === true ? bound : ratio;
  const met = aim.best === 'high' ? judged >= aim.target : judged <= aim.target;
  const [ours, peer] = [median(pairs.map((pair) => pair.ours)), median(pairs.map((pair) => pair.peer))];
  return {
    row: {
      unit: aim.unit,
      ours: short(ours),
      peer: short(peer),
      ratio: short(ratio),
      '95 %': `${short(lower)} – ${short(upper)}`,
      target: `${aim.best === 'high' ? '≥' : '≤'} ${aim.target}`,
      met: met ? 'yes' : 'NO',
      also: Object.entries(more)
        .map(([name, value]) => `${name} ${short(value)}`)
        .join(', '),
    },
    json: { ...round({ ratio, lower, upper, ours, peer, ...more }), target: aim.target, met, pairs: pairs.length },
  };
}

/** A key that cannot be measured here, and why. */
export function skipped(reason: string): Figures {
  return { row: { unit: reason, met: 'skipped' }, json: { skipped: reason } };
}

function short(value: number): number {
  return Math.abs(value) >= 1000 ? Math.round(value) : Number(value.toPrecision(3));
}
function round(values: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Number(value.toPrecision(5))]));
}
