import { expect, test } from 'vitest';
import { Latest } from './Latest.ts';

test('many values in a moment are two writes, the last one the newest; each waits until it or a newer one is written', async () => {
  const written: [string, number][] = [];
  const latest = new Latest<number>(
    async (key, value) => {
      await new Promise((resolve) => setImmediate(resolve));
      written.push([key, value]);
    },
    (a, b) => a > b,
  );
  const first = latest.put('a', 1);
  await Promise.resolve();
  await Promise.resolve();
  const others = [2, 5, 3, 4].map(async (value) => {
    await latest.put('a', value);
    expect(written.some(([key, seen]) => key === 'a' && seen >= value)).toBe(true);
  });
  await Promise.all([first, ...others, latest.put('b', 9)]);
  expect(written.filter(([key]) => key === 'a')).toEqual([
    ['a', 1],
    ['a', 5],
  ]);
  expect(written).toContainEqual(['b', 9]);
});

test('a write that fails is told to those who waited for it, and the next one is tried', async () => {
  let fails = true;
  const latest = new Latest<number>(
    () => (fails ? Promise.reject(new Error('down')) : Promise.resolve()),
    (a, b) => a > b,
  );
  await expect(latest.put('a', 1)).rejects.toThrow('down');
  fails = false;
  await latest.put('a', 2);
});
