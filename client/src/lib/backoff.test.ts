import fc from 'fast-check';
import { expect, it } from 'vitest';
import { backoff } from './backoff.ts';

it('stays between half and the whole of a ceiling that doubles up to the cap', () => {
  fc.assert(
    fc.property(fc.nat(2_000), fc.double({ min: 0, max: 0.999_999, noNaN: true }), (attempt, random) => {
      const wait = backoff(attempt, () => random, 100, 5_000);
      const ceiling = Math.min(5_000, 100 * 2 ** Math.min(attempt, 16));
      expect(wait).toBeGreaterThanOrEqual(ceiling / 2);
      expect(wait).toBeLessThanOrEqual(ceiling);
    }),
  );
});
