import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fullBudget, spend, type Verdict } from './messageBudget.ts';

const rules = { perSecond: 10, burst: 5, refusals: 3 };

function run(times: number[]): Verdict[] {
  let budget = fullBudget(rules, 0);
  return times.map((now) => {
    const spent = spend(budget, rules, now);
    budget = spent.budget;
    return spent.verdict;
  });
}

describe('spend', () => {
  it('lets a burst pass, refuses the rest, and disconnects who does not listen', () => {
    expect(run(Array<number>(9).fill(0))).toEqual([
      ...Array<string>(5).fill('pass'),
      'refuse',
      'refuse',
      'refuse',
      'disconnect',
    ]);
  });

  it('fills up again with time, and forgets refusals once one has passed', () => {
    expect(run([0, 0, 0, 0, 0, 0, 100, 100, 200])).toEqual([
      ...Array<string>(5).fill('pass'),
      'refuse',
      'pass',
      'refuse',
      'pass',
    ]);
  });

  it('never lets more pass than the burst and the rate allow, whatever the clock does', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -500, max: 2_000 }), { maxLength: 200 }), (steps) => {
        let now = 0;
        const times = steps.map((step) => {
          now += step;
          return now;
        });
        const passed = run(times).filter((verdict) => verdict === 'pass').length;
        const forward = steps.reduce((sum, step) => sum + Math.max(0, step), 0);
        expect(passed).toBeLessThanOrEqual(rules.burst + (forward / 1000) * rules.perSecond + 1);
      }),
    );
  });
});
