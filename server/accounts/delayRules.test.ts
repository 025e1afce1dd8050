import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  codeCounters,
  counted,
  delayRules,
  levelAt,
  signInCounters,
  takenBack,
  waitOf,
  type DelayName,
  type Tally,
} from './delayRules.ts';

const names = Object.keys(delayRules).filter((name): name is DelayName => name in delayRules);
const rule = fc.constantFrom(...names).map((name) => delayRules[name]);
const none: Tally = { level: 0, at: 0 };
const start = 1_700_000_000_000;

/** Tries whenever it is let; @returns when each was taken. */
function keenly(which: DelayName, forMs: number): number[] {
  const taken: number[] = [];
  let [tally, now] = [none, start];
  while (now < start + forMs) {
    tally = counted(delayRules[which], tally, now);
    taken.push(now);
    now += Math.max(200, waitOf(delayRules[which], tally, now));
  }
  return taken;
}

describe('[A5 A7] delays', () => {
  test('never longer than the rule says, however many tries there were', () => {
    const pauses = fc.array(fc.integer({ min: 0, max: 3 * 3600_000 }), { maxLength: 200 });
    fc.assert(
      fc.property(rule, pauses, (one, gaps) => {
        let [tally, now] = [none, start];
        for (const gap of gaps) {
          now += gap;
          tally = counted(one, tally, now);
          const wait = waitOf(one, tally, now);
          expect(wait).toBeGreaterThanOrEqual(0);
          expect(wait).toBeLessThanOrEqual(one.longestMs);
        }
      }),
    );
  });

  test('grow with every try in a row, and the free ones cost nothing', () => {
    fc.assert(
      fc.property(rule, (one) => {
        let [tally, last] = [none, 0];
        for (let i = 1; i <= one.free + 12; i++) {
          tally = counted(one, tally, start);
          const wait = waitOf(one, tally, start);
          if (i <= one.free) expect(wait).toBe(0);
          else expect(wait).toBeGreaterThanOrEqual(Math.max(1, last));
          last = wait;
        }
        expect(last).toBe(one.longestMs);
      }),
    );
  });

  test('what is waited for comes: a wait only falls, to nothing', () => {
    fc.assert(
      fc.property(rule, fc.nat(80), fc.nat(3600_000), (one, tries, later) => {
        let tally = none;
        for (let i = 0; i < tries; i++) tally = counted(one, tally, start);
        const wait = waitOf(one, tally, start);
        expect(waitOf(one, tally, start + later)).toBe(Math.max(0, wait - later));
        expect(waitOf(one, tally, start + wait)).toBe(0);
      }),
    );
  });

  test('quiet forgives everything in the end, and one that went well leaves nothing behind', () => {
    fc.assert(
      fc.property(rule, fc.nat(80), (one, tries) => {
        let tally = none;
        for (let i = 0; i < tries; i++) tally = counted(one, tally, start);
        expect(levelAt(one, tally, start + (one.free + 20) * one.forgiveMs)).toBe(0);
        const back = takenBack(one, counted(one, none, start), start);
        expect(back.level).toBe(0);
      }),
    );
  });

  test('strangers never cost a known device anything: they count on nothing that it counts on', () => {
    const word = fc.string({ minLength: 1, maxLength: 20 }).filter((one) => !one.includes('\n'));
    fc.assert(
      fc.property(word, word, word, word, (who, mine, theirs, device) => {
        for (const counters of [signInCounters, codeCounters]) {
          const own = new Set(counters(who, mine, device).map((one) => `${one.rule} ${one.key}`));
          const stranger = counters(who, theirs, null).map((one) => `${one.rule} ${one.key}`);
          expect(stranger.some((one) => own.has(one))).toBe(false);
        }
      }),
    );
  });

  test('a guesser of passwords and one of codes get few tries a day', () => {
    const day = 24 * 3600_000;
    expect(keenly('pair', day).length).toBeLessThan(200);
    expect(keenly('account', day).length).toBeLessThan(1_000);
    // Five guesses each at one in a million.
    expect(keenly('codeTarget', day).length * 5).toBeLessThan(200);
  });
});
