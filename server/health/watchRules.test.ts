import { expect, test } from 'vitest';
import { mendedMs, next, type Standing } from './watchRules.ts';

const ok: Standing = { level: 'ok', since: 0, betterSince: null };

test('[H6] worse counts at once, better when it lasted', () => {
  const bad = next(ok, 'warn', 10);
  expect(bad).toEqual({ level: 'warn', since: 10, betterSince: null });
  expect(next(bad, 'fail', 20)).toEqual({ level: 'fail', since: 20, betterSince: null });
  const better = next(bad, 'ok', 30);
  expect(better).toEqual({ ...bad, betterSince: 30 });
  expect(next(better, 'ok', 29 + mendedMs)).toEqual(better);
  expect(next(better, 'ok', 30 + mendedMs)).toEqual({ level: 'ok', since: 30 + mendedMs, betterSince: null });
});

test('[H6] to and fro is one standing, and the first look counts as it is', () => {
  const bad = next(null, 'fail', 5);
  expect(bad).toEqual({ level: 'fail', since: 5, betterSince: null });
  expect(next(next(bad, 'ok', 10), 'fail', 20)).toEqual(bad);
  expect(next(bad, 'fail', 20)).toBe(bad);
});
