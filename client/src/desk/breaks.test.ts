import { describe, expect, test } from 'vitest';
import { breakUntil, minutesLeft } from './breaks.ts';

const now = new Date(2026, 10, 21, 9, 40).getTime();
const minute = 60_000;

describe('[C2] breaks', () => {
  test('minutes count from now; open has no end; a time of day is the next such moment', () => {
    expect(breakUntil({ kind: 'minutes', minutes: 15 }, now)).toBe(now + 15 * minute);
    expect(breakUntil({ kind: 'open' }, now)).toBeNull();
    expect(breakUntil({ kind: 'at', time: '10:00' }, now)).toBe(now + 20 * minute);
    expect(breakUntil({ kind: 'at', time: '09:40' }, now)).toBe(now + 24 * 60 * minute);
    expect(breakUntil({ kind: 'at', time: '' }, now)).toBeUndefined();
  });

  test('what is left is rounded up, what is over down, and never nothing over', () => {
    expect(minutesLeft(now + 30_000, now)).toBe(1);
    expect(minutesLeft(now, now)).toBe(0);
    expect(minutesLeft(now - 10_000, now)).toBe(-1);
    expect(minutesLeft(now - 3.5 * minute, now)).toBe(-3);
  });
});
