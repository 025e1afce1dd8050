import { readFileSync } from 'node:fs';

const ticksPerSecond = 100;

/** CPU time a process has used so far, user and system, seconds (Linux: /proc). */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.floor(middle)] ?? NaN) + (sorted[Math.ceil(middle) - 1] ?? NaN)) / 2;
}

/** The ratio of pairs measured in turn: its geometric mean, and the lower end of a 95 % interval (bootstrap over pairs). */
export function ratioOfPairs(
  pairs: readonly { ours: number; peer: number }[],
  random: () => number,
): { ratio: number; lower: number } {
  const logs = pairs.map(({ ours, peer }) => Math.log(ours / peer));
  const draws = Array.from({ length: 2_000 }, () =>
    mean(logs.map(() => logs[Math.floor(random() * logs.length)] ?? 0)),
  ).sort((a, b) => a - b);
  return { ratio: Math.exp(mean(logs)), lower: Math.exp(draws[Math.floor(draws.length * 0.025)] ?? NaN) };
}
