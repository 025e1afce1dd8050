import { describe, expect, it } from 'vitest';
import { until } from './until.ts';

describe('until', () => {
  it('returns the first truthy value', async () => {
    let looks = 0;
    expect(await until('the third look', () => ++looks === 3 && looks, { everyMs: 1 })).toBe(3);
  });

  it('names what was awaited and what was seen last', async () => {
    await expect(until('a pig to fly', () => null, { timeoutMs: 20, everyMs: 5 })).rejects.toThrow(
      /not within 20 ms: a pig to fly \(last seen: null\)/,
    );
    const refuse = (): never => {
      throw new RangeError('too heavy');
    };
    await expect(until('a pig to fly', refuse, { timeoutMs: 20, everyMs: 5 })).rejects.toThrow(/RangeError: too heavy/);
  });

  it('does not hang on a condition that hangs', async () => {
    await expect(until('an answer', () => new Promise<never>(() => {}), { timeoutMs: 30 })).rejects.toThrow(
      /did not answer in time/,
    );
  });
});
