import { describe, expect, test } from 'vitest';
import { AlertLoop } from './AlertLoop.ts';

function bench() {
  let rings = 0;
  const loop = new AlertLoop(() => (rings += 1));
  /** How often it sounded because of this. */
  return (keys: string[], seconds: number): number => {
    const before = rings;
    loop.update(keys, seconds * 1000);
    return rings - before;
  };
}

describe('[C6] when alerts sound', () => {
  test('what stands when the desk is opened sounds once for all of it, and not again', () => {
    const at = bench();
    expect(at(['a', 'b', 'c'], 0)).toBe(1);
    expect(at(['a', 'b', 'c'], 20)).toBe(0);
    expect(at(['a', 'b'], 60)).toBe(0);
  });

  test('nothing stands: silence', () => {
    const at = bench();
    expect(at([], 0)).toBe(0);
    expect(at([], 40)).toBe(0);
  });

  test('a new one sounds at once and every 20 s until it is handled', () => {
    const at = bench();
    at([], 0);
    expect(at(['a'], 1)).toBe(1);
    expect(at(['a'], 10)).toBe(0);
    expect(at(['a'], 21)).toBe(1);
    expect(at(['a'], 41)).toBe(1);
    expect(at([], 45)).toBe(0);
    expect(at([], 80)).toBe(0);
  });

  test('a second one does not wait for the turn of the first; handling one leaves the other', () => {
    const at = bench();
    at(['old'], 0);
    at(['old', 'a'], 1);
    expect(at(['old', 'a', 'b'], 5)).toBe(1);
    expect(at(['old', 'b'], 10)).toBe(0);
    expect(at(['old', 'b'], 26)).toBe(1);
    expect(at(['old'], 60)).toBe(0);
  });

  test('one that comes back is new', () => {
    const at = bench();
    at([], 0);
    at(['a'], 1);
    at([], 2);
    expect(at(['a'], 3)).toBe(1);
  });
});
