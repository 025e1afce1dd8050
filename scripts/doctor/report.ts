import type { Status } from './check.ts';
import type { Result } from './diagnose.ts';

const signs: Readonly<Record<Status, string>> = { ok: '✓', warn: '!', fail: '✗', skipped: '·' };

/** 0: nothing to do; 1: warnings; 2: faults. */
export function exitCode(results: readonly Result[]): 0 | 1 | 2 {
  const has = (status: Status): boolean => results.some((one) => one.status === status);
  return has('fail') ? 2 : has('warn') ? 1 : 0;
}

/** One line for each check, and below it what to do. */
export function report(results: readonly Result[]): string {
  const width = Math.max(...results.map(({ title }) => title.length));
  const lines = results.flatMap(({ status, title, finding, remedy }) => [
    `${signs[status]} ${title.padEnd(width)}  ${finding}`,
    ...(remedy === undefined || status === 'ok' ? [] : [`${' '.repeat(width + 4)}→ ${remedy}`]),
  ]);
  const count = (status: Status): number => results.filter((one) => one.status === status).length;
  const [faults, warnings] = [count('fail'), count('warn')];
  const sum =
    faults + warnings === 0
      ? 'Nothing is wrong.'
      : `${faults} fault${faults === 1 ? '' : 's'}, ${warnings} warning${warnings === 1 ? '' : 's'}.`;
  return `${lines.join('\n')}\n\n${sum} ${count('ok')} in order, ${count('skipped')} skipped.`;
}

/** For other programs; the shape is kept. */
export function reportJson(results: readonly Result[]): string {
  const status = exitCode(results) === 0 ? 'ok' : exitCode(results) === 1 ? 'warn' : 'fail';
  return JSON.stringify({ status, checks: results }, null, 2);
}
