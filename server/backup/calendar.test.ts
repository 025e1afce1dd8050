import { describe, expect, test } from 'vitest';
import { expired, latestSlot, nextSlot, retryAfter } from './calendar.ts';

const day = 24 * 3600_000;
const at = (text: string): number => Date.parse(text);
const kolkata = 'Asia/Kolkata';

describe('[H6] when a backup is due', () => {
  test('at the clinic’s time: today when it has come, else yesterday', () => {
    expect(latestSlot(at('2026-11-21T02:31:00+05:30'), 150, kolkata)).toBe(at('2026-11-21T02:30:00+05:30'));
    expect(latestSlot(at('2026-11-21T02:29:59+05:30'), 150, kolkata)).toBe(at('2026-11-20T02:30:00+05:30'));
    expect(nextSlot(at('2026-11-21T02:29:59+05:30'), 150, kolkata)).toBe(at('2026-11-21T02:30:00+05:30'));
    expect(nextSlot(at('2026-11-21T02:30:00+05:30'), 150, kolkata)).toBe(at('2026-11-22T02:30:00+05:30'));
  });

  test('after failures again and again, ever later, at last not before the next day', () => {
    expect([1, 2, 3, 6, 7].map((n) => Number(retryAfter(n)) / 60_000)).toEqual([5, 10, 20, 120, 120]);
    expect(retryAfter(8)).toBeNull();
  });
});

describe('[H6] which backups are kept', () => {
  const newest = at('2026-11-21T02:30:00+05:30');
  const daily = Array.from({ length: 500 }, (_, i) => ({ name: `d${i}`, at: newest - i * day }));
  const keptOf = (
    archives: typeof daily,
    keep = { daily: 7, weekly: 5, monthly: 12 },
    proven: string | null = null,
  ) => {
    const gone = new Set(expired(archives, keep, kolkata, proven).map(({ name }) => name));
    return archives.filter(({ name }) => !gone.has(name)).map(({ name }) => name);
  };

  test('seven days, five weeks, twelve months', () => {
    const kept = keptOf(daily);
    expect(kept.slice(0, 7)).toEqual(['d0', 'd1', 'd2', 'd3', 'd4', 'd5', 'd6']);
    // The 21st is a Saturday: Sundays before it, then the last days of the months before.
    const [weeks, months] = [
      [13, 20, 27],
      [21, 52, 82, 113, 144, 174, 205, 235, 266, 294, 325],
    ];
    const older = [...weeks, ...months].sort((a, b) => a - b).map((i) => `d${i}`);
    expect(kept.slice(7)).toEqual(older);
  });

  test('pruned every day, the same remain as pruned once', () => {
    let held: typeof daily = [];
    for (const one of daily.toReversed()) {
      const all = [...held, one];
      const gone = new Set(expired(all, { daily: 7, weekly: 5, monthly: 12 }, kolkata, null));
      held = all.filter((other) => !gone.has(other));
    }
    expect(held.map(({ name }) => name).toReversed()).toEqual(keptOf(daily));
  });

  test('never the newest, nor the last proven one, whatever the numbers say; several of a day count once', () => {
    const none = { daily: 0, weekly: 0, monthly: 0 };
    expect(keptOf(daily, none)).toEqual(['d0']);
    expect(keptOf(daily, none, 'd9')).toEqual(['d0', 'd9']);
    const sameDay = [0, 1, 2].map((i) => ({ name: `h${i}`, at: newest - i * 60_000 }));
    expect(keptOf([...sameDay, ...daily.slice(1)], { daily: 2, weekly: 0, monthly: 0 })).toEqual(['h0', 'd1']);
    expect(expired([], { daily: 7, weekly: 5, monthly: 12 }, kolkata, null)).toEqual([]);
  });
});
