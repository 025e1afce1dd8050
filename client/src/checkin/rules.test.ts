import { expect, it } from 'vitest';
import { problemOf } from './rules.ts';

it('tells what to do about a code that does not work', () => {
  expect(problemOf('LINK_EXPIRED')).toBe('expired');
  expect(problemOf('INVALID_INPUT')).toBe('elsewhere');
  expect(problemOf('WRONG_STATE')).toBe('moved');
  expect(problemOf('UNAVAILABLE')).toBe('other');
});
