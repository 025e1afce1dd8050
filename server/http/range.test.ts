import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rangeOf } from './range.ts';

describe('one byte range', () => {
  test.each([
    ['bytes=0-0', { start: 0, end: 1 }],
    ['bytes=2-', { start: 2, end: 10 }],
    ['bytes=-3', { start: 7, end: 10 }],
    ['bytes=-99', { start: 0, end: 10 }],
    ['bytes=5-999', { start: 5, end: 10 }],
    ['bytes=10-', 'none'],
    ['bytes=-0', 'none'],
    ['bytes=7-3', null],
    ['bytes=0-1,4-5', null],
    ['bytes=-', null],
    ['items=0-1', null],
    [undefined, null],
  ] as const)('%s', (header, range) => {
    expect(rangeOf(header, 10)).toEqual(range);
  });

  test('never reaches outside', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(50), fc.nat(50), fc.integer({ min: 1, max: 40 }), (rest, from, to, size) => {
        for (const header of [`bytes=${from}-${to}`, `bytes=${rest}`, rest]) {
          const range = rangeOf(header, size);
          if (range === null || range === 'none') continue;
          expect(range.start).toBeGreaterThanOrEqual(0);
          expect(range.end).toBeLessThanOrEqual(size);
          expect(range.end).toBeGreaterThan(range.start);
        }
      }),
    );
  });
});
