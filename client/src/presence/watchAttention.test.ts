import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { hiddenAwayMs, idleAwayMs, isAway, untilAway } from './rules.ts';
import { watchAttention } from './watchAttention.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const show = (state: 'visible' | 'hidden'): void => {
  Object.defineProperty(document, 'visibilityState', { value: state, configurable: true });
  document.dispatchEvent(new Event('visibilitychange'));
};

describe('[E2] away', () => {
  it('is a page out of sight for a while, or a device that nobody touches', () => {
    expect(isAway({ hiddenSince: null, lastInput: 0 }, idleAwayMs - 1)).toBe(false);
    expect(isAway({ hiddenSince: null, lastInput: 0 }, idleAwayMs)).toBe(true);
    expect(isAway({ hiddenSince: 5, lastInput: 5 }, 5 + hiddenAwayMs)).toBe(true);
    expect(untilAway({ hiddenSince: 0, lastInput: 0 }, 1)).toBe(hiddenAwayMs - 1);
    expect(untilAway({ hiddenSince: null, lastInput: 10 }, 10)).toBe(idleAwayMs);
  });

  it('is told when it begins and when it ends, once each', () => {
    const told: boolean[] = [];
    const stop = watchAttention(document, (away) => void told.push(away));
    vi.advanceTimersByTime(idleAwayMs - 2_000);
    document.dispatchEvent(new Event('pointermove'));
    vi.advanceTimersByTime(idleAwayMs - 1);
    expect(told).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(told).toEqual([true]);
    document.dispatchEvent(new Event('keydown'));
    document.dispatchEvent(new Event('keydown'));
    expect(told).toEqual([true, false]);
    show('hidden');
    vi.advanceTimersByTime(hiddenAwayMs - 1);
    show('visible');
    vi.advanceTimersByTime(hiddenAwayMs);
    expect(told).toEqual([true, false]);
    show('hidden');
    vi.advanceTimersByTime(hiddenAwayMs);
    show('visible');
    expect(told).toEqual([true, false, true, false]);
    stop();
    vi.advanceTimersByTime(2 * idleAwayMs);
    expect(told).toHaveLength(4);
  });
});
