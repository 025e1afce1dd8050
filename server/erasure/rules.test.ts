import { expect, test } from 'vitest';
import { keptUntil, mayErase } from './rules.ts';

test('[H5] records are kept from the last visit on; a ground goes before that', () => {
  const until = keptUntil(1_000, 500);
  expect(() => mayErase(until, 1_499, undefined)).toThrow(expect.objectContaining({ code: 'RETAINED' }));
  expect(() => mayErase(until, 1_500, undefined)).not.toThrow();
  expect(() => mayErase(until, 1_000, 'court-order')).not.toThrow();
});
