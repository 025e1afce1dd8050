import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { contrast, inSrgb, parseOklch, readThemes, type Oklch } from './contrast.ts';

const themes = readThemes(readFileSync(join(import.meta.dirname, '../tokens.css'), 'utf8'));

const surfaces = ['page', 'surface', 'sunken', 'board'];
const meanings = ['waiting', 'called', 'consult', 'urgent', 'emergency', 'done', 'hold'];

/** [foreground, background, least ratio]; WCAG 2.2: 1.4.3 text 4.5:1, 1.4.11 controls 3:1. */
const pairs: [string, string, number][] = [
  ...surfaces.flatMap((s): [string, string, number][] => [
    ['ink', s, 7],
    ['muted', s, 4.5],
    ['accent', s, 4.5],
    ['danger', s, 4.5],
    ['focus', s, 3],
    ['control', s, 3],
  ]),
  ['on-fill', 'fill', 4.5],
  ['on-fill', 'fill-hover', 4.5],
  ['fill', 'surface', 3],
  ['fill', 'page', 3],
  ['on-danger-fill', 'danger-fill', 4.5],
  ['on-danger-fill', 'danger-fill-hover', 4.5],
  ['danger-fill', 'surface', 3],
  ['danger-fill', 'page', 3],
  ['on-inverse', 'inverse', 7],
  ['ink', 'accent-bg', 7],
  ['muted', 'accent-bg', 4.5],
  ['accent', 'accent-bg', 4.5],
  ['ink', 'danger-bg', 7],
  ['danger', 'danger-bg', 4.5],
  ...meanings.flatMap((m): [string, string, number][] => [
    [m, `${m}-bg`, 4.5],
    ['ink', `${m}-bg`, 7],
    ['muted', `${m}-bg`, 4.5],
    ...surfaces.map((s): [string, string, number] => [m, s, 4.5]),
    [`${m}-line`, 'page', 3],
    [`${m}-line`, 'surface', 3],
    [`${m}-line`, `${m}-bg`, 3],
  ]),
];

function colour(theme: Map<string, string>, name: string): Oklch {
  const parsed = parseOklch(theme.get(name) ?? '');
  if (!parsed) throw new Error(`token --color-${name} is missing or not a plain oklch()`);
  return parsed;
}

describe('contrast arithmetic', () => {
  it('agrees with the known ratio of black on white and of a mid grey', () => {
    const white = { l: 1, c: 0, h: 0 };
    expect(contrast({ l: 0, c: 0, h: 0 }, white)).toBeCloseTo(21, 1);
    // #767676 is the lightest grey that reaches 4.5:1 on white (4.54); its OKLCH lightness is 0.5681.
    expect(contrast({ l: 0.5681, c: 0, h: 0 }, white)).toBeCloseTo(4.54, 1);
  });
});

describe.each(Object.entries(themes))('%s theme', (_name, theme) => {
  it.each(pairs)('%s on %s reaches %d:1', (fg, bg, least) => {
    expect(contrast(colour(theme, fg), colour(theme, bg))).toBeGreaterThanOrEqual(least);
  });

  it('uses only colours that sRGB can show', () => {
    const outside = [...theme].filter(([, value]) => {
      const parsed = parseOklch(value);
      return parsed && !inSrgb(parsed);
    });
    expect(outside).toEqual([]);
  });
});

it('gives every colour of the light theme a dark value of its own', () => {
  const same = [...themes.light.keys()].filter((name) => themes.light.get(name) === themes.dark.get(name));
  expect(same).toEqual([]);
  expect(themes.light.size).toBeGreaterThan(30);
});
