import { describe, expect, test } from 'vitest';
import { reconnectDelay } from './redis.ts';

describe('[I2] connecting to Redis again', () => {
  test('soon at first, never more than two seconds apart, never all hubs at once', () => {
    const delays = (random: number): number[] => Array.from({ length: 40 }, (_, i) => reconnectDelay(i, () => random));
    const [earliest, latest] = [delays(0), delays(0.999)];
    expect(latest[0]).toBeLessThan(60);
    for (const [i, early] of earliest.entries()) {
      const late = latest[i] ?? 0;
      expect(early).toBeGreaterThan(0);
      expect(late).toBeLessThanOrEqual(2_000);
      // Half of the wait is chance.
      expect(late / early).toBeGreaterThan(1.9);
    }
    expect(earliest).toEqual([...earliest].sort((a, b) => a - b));
  });
});
