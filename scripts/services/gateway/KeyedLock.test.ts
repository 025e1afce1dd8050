import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { KeyedLock } from './KeyedLock.ts';

const claim = (key: string, exclusive = false) => ({ key, exclusive });

describe('KeyedLock', () => {
  it('runs holders of one key in order and one at a time, others at once', async () => {
    const lock = new KeyedLock();
    const said: string[] = [];
    const work = (name: string) => async () => {
      said.push(`+${name}`);
      await turn();
      said.push(`-${name}`);
      return { value: name, taken: () => false };
    };
    const results = await Promise.all([
      lock.hold([claim('k')], work('a')),
      lock.hold([claim('k'), claim('m')], work('b')),
      lock.hold([claim('n')], work('c')),
    ]);
    expect(results).toEqual([{ value: 'a' }, { value: 'b' }, { value: 'c' }]);
    expect(said.indexOf('+b')).toBeGreaterThan(said.indexOf('-a'));
    expect(said.indexOf('+c')).toBeLessThan(said.indexOf('-a'));
  });

  it('tells those who waited for an exclusive key that was taken that they lost, and not who comes later', async () => {
    const lock = new KeyedLock();
    let ran = 0;
    const take = async () => {
      await turn();
      return { value: ++ran, taken: () => true };
    };
    const race = await Promise.all(Array.from({ length: 4 }, () => lock.hold([claim('k', true)], take)));
    expect(race).toEqual([{ value: 1 }, { lost: 'k' }, { lost: 'k' }, { lost: 'k' }]);
    expect(await lock.hold([claim('k', true)], take)).toEqual({ value: 2 });
  });

  it('lets the next one try when the holder failed or took nothing', async () => {
    const lock = new KeyedLock();
    const [first, second, third] = await Promise.allSettled([
      lock.hold([claim('k', true)], () => Promise.reject(new Error('no'))),
      lock.hold([claim('k', true)], async () => ({ value: 2, taken: () => false })),
      lock.hold([claim('k', true)], async () => ({ value: 3, taken: () => true })),
    ]);
    expect(first.status).toBe('rejected');
    expect(second).toMatchObject({ value: { value: 2 } });
    expect(third).toMatchObject({ value: { value: 3 } });
  });

  it('does not deadlock on several keys in different orders', async () => {
    const lock = new KeyedLock();
    const done = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        lock.hold(n % 2 ? [claim('a'), claim('b'), claim('a')] : [claim('b'), claim('a')], async () => {
          await turn();
          return { value: n, taken: () => false };
        }),
      ),
    );
    expect(done).toHaveLength(20);
  });
});
