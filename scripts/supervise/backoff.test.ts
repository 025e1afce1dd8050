import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countDeath, DEFAULT_POLICY, restartDelay, type RestartPolicy } from './backoff.ts';
import { lineSplitter, prettyLine } from './logLine.ts';

const policy: RestartPolicy = { baseMs: 100, maxMs: 1000, stableMs: 5000, maxDeaths: 6 };

describe('restart policy', () => {
  it('doubles up to the longest wait, jittered downwards by at most half', () => {
    const longest = [1, 2, 3, 4, 5].map((deaths) => restartDelay(deaths, policy, 0.999999));
    expect(longest.map((delay) => Math.round(delay ?? -1))).toEqual([100, 200, 400, 800, 1000]);
    expect([1, 2, 3, 4, 5].map((deaths) => restartDelay(deaths, policy, 0))).toEqual([50, 100, 200, 400, 500]);
  });

  it('gives up after too many deaths in a row, and a stable run starts the count again', () => {
    expect(restartDelay(6, policy, 0.5)).toBeUndefined();
    expect(countDeath(5, 4999, policy)).toBe(6);
    expect(countDeath(5, 5000, policy)).toBe(1);
  });

  it('stays within its bounds for every death and every draw', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 7 }), fc.double({ min: 0, max: 0.999, noNaN: true }), (deaths, random) => {
        const delay = restartDelay(deaths, DEFAULT_POLICY, random) ?? -1;
        expect(delay).toBeGreaterThanOrEqual(DEFAULT_POLICY.baseMs / 2);
        expect(delay).toBeLessThanOrEqual(DEFAULT_POLICY.maxMs);
      }),
    );
  });
});

describe('log lines', () => {
  it('makes one line of pino’s JSON and leaves other text alone', () => {
    const time = new Date(2026, 0, 2, 3, 4, 5).getTime();
    const entry = JSON.stringify({ level: 30, time, pid: 1, hostname: 'h', msg: 'listening', port: 3000, who: 'hub' });
    expect(prettyLine('hub', entry)).toBe('hub      │ 03:04:05 info  listening port=3000 who=hub');
    expect(prettyLine('sfu', '{not json')).toBe('sfu      │ {not json');
    expect(prettyLine('sfu', '{"a":1}')).toBe('sfu      │ {"a":1}');
  });

  it('puts lines together over chunk borders', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[ab\n]{0,5}$/)), (chunks) => {
        const splitter = lineSplitter();
        const lines = [...chunks.flatMap((chunk) => splitter.push(chunk)), ...splitter.rest()];
        const whole = chunks.join('');
        expect(lines).toEqual(whole === '' ? [] : whole.replace(/\n$/, '').split('\n'));
      }),
    );
  });
});
