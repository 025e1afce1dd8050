import { readFileSync } from 'node:fs';

const ticksPerSecond = 100;

/** CPU time of a process that cannot say so itself, user and system, seconds (Linux: /proc). */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const [low, high] = [sorted[Math.floor(at)] ?? NaN, sorted[Math.ceil(at)] ?? NaN];
  return low + (high - low) * (at - Math.floor(at));
}

export interface Pair {
  readonly ours: number;
  readonly peer: number;
}
export interface Ratio {
  readonly ratio: number;
  /** The ends of a 95 % interval. */
  readonly lower: number;
  readonly upper: number;
}

/** The ratio of pairs measured in turn: its geometric mean, with a bootstrap interval over the pairs. */
export function ratioOfPairs(pairs: readonly Pair[], random: () => number): Ratio {
  const logs = pairs.map(({ ours, peer }) => Math.log(ours / peer));
  const draws = Array.from({ length: 2_000 }, () =>
    mean(logs.map(() => logs[Math.floor(random() * logs.length)] ?? 0)),
  );
  return {
    ratio: Math.exp(mean(logs)),
    lower: Math.exp(quantile(draws, 0.025)),
    upper: Math.exp(quantile(draws, 0.975)),
  };
}

/** Both sides in turn, each first as often as the other: a machine that gets busier hits both alike. */
export async function interleave(
  pairs: number,
  ours: () => Promise<number>,
  peer: () => Promise<number>,
): Promise<Pair[]> {
  const measured: Pair[] = [];
  for (let i = 0; i < pairs; i++) {
    if (i % 2 === 0) {
      const first = await ours();
      measured.push({ ours: first, peer: await peer() });
    } else {
      const first = await peer();
      measured.push({ ours: await ours(), peer: first });
    }
  }
  return measured;
}
