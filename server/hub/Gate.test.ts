import { describe, expect, test } from 'vitest';
import { Allowance } from './Allowance.ts';
import { Gate } from './Gate.ts';
import { Tally } from './Tally.ts';

describe('[A7] one connection’s requests', () => {
  test('so many at a time, in order, and past the bound refused', async () => {
    const gate = new Gate(2, 3);
    const started: number[] = [];
    const ends: (() => void)[] = [];
    const work = (n: number) => () => {
      started.push(n);
      return new Promise<number>((resolve) => ends.push(() => resolve(n)));
    };
    const all = [1, 2, 3, 4, 5].map((n) => gate.run(work(n)));
    expect(started).toEqual([1, 2]);
    await expect(gate.run(work(6))).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    for (const n of [1, 2, 3, 4, 5]) {
      ends.shift()?.();
      expect(await all[n - 1]).toBe(n);
      await new Promise((resolve) => setImmediate(resolve));
      expect(started.length).toBe(Math.min(5, n + 2));
    }
    expect(started).toEqual([1, 2, 3, 4, 5]);
    const later = gate.run(work(7));
    ends.shift()?.();
    expect(await later).toBe(7);
  });

  test('one that fails makes room as well', async () => {
    const gate = new Gate(1, 1);
    await expect(gate.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await gate.run(() => Promise.resolve('yes'))).toBe('yes');
  });
});

test('[A7] what a connection may send grows again with time, up to what it may send at once', () => {
  let now = 0;
  const allowance = new Allowance(100, 10, () => now);
  expect(allowance.spend(100)).toBe(true);
  expect(allowance.spend(1)).toBe(false);
  now += 1_000;
  expect(allowance.spend(9)).toBe(true);
  expect(allowance.spend(1)).toBe(false);
  now += 3_600_000;
  expect(allowance.spend(101)).toBe(false);
});

test('[A7] a tally counts per key and forgets who has gone', () => {
  const tally = new Tally(2);
  const first = tally.take('a');
  tally.take('a');
  expect(tally.take('a')).toBeNull();
  expect(tally.take('b')).not.toBeNull();
  first?.();
  first?.();
  expect(tally.take('a')).not.toBeNull();
  expect(tally.take('a')).toBeNull();
});
