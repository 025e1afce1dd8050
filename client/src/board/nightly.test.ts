import { expect, it } from 'vitest';
import { entryOf, nightOf } from './nightly.ts';

it('knows the hour of the night where the clinic is, once per date', () => {
  const at = (text: string) => Date.parse(text);
  expect(nightOf(at('2026-11-20T21:30:00Z'), 'Asia/Kolkata')).toBe('2026-11-21');
  expect(nightOf(at('2026-11-20T22:29:59Z'), 'Asia/Kolkata')).toBe('2026-11-21');
  expect(nightOf(at('2026-11-20T22:30:00Z'), 'Asia/Kolkata')).toBeNull();
  expect(nightOf(at('2026-11-20T21:29:59Z'), 'Asia/Kolkata')).toBeNull();
  expect(nightOf(at('2026-11-20T03:10:00Z'), 'UTC')).toBe('2026-11-20');
});

it('tells versions apart by the script the page begins with', () => {
  expect(entryOf('<script type="module" crossorigin src="/assets/index-a1.js"></script>')).toBe('/assets/index-a1.js');
  expect(entryOf('<p>maintenance</p>')).toBeNull();
});
