import { expect, it } from 'vitest';
import { pageAt, pageMs, pagesOf } from './layout.ts';

const desks = (count: number) => Array.from({ length: count }, (_, i) => ({ sessionId: `s${i}` }));

it('shows up to six desks at once, more in even pages, nobody left out', () => {
  expect(pagesOf([])).toEqual([[]]);
  expect(pagesOf(desks(6)).map((page) => page.length)).toEqual([6]);
  expect(pagesOf(desks(7)).map((page) => page.length)).toEqual([4, 3]);
  expect(pagesOf(desks(13)).map((page) => page.length)).toEqual([5, 5, 3]);
  expect(pagesOf(desks(13)).flat()).toEqual(desks(13));
});

it('turns the pages, and stays with the desk that calls', () => {
  const pages = pagesOf(desks(13));
  expect([0, 1, 2, 3].map((turn) => pageAt(pages, turn * pageMs))).toEqual([0, 1, 2, 0]);
  expect(pageAt(pages, 0, 's12')).toBe(2);
  expect(pageAt(pages, 0, 'gone')).toBe(0);
});
