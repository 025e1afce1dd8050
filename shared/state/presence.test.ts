import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bestOf, differences, patched, presenceOf, presenceState, presenceStates } from './presence.ts';

describe('[E2] one state of many', () => {
  test('the most telling of all tabs and devices counts, and nothing is offline', () => {
    expect(bestOf([])).toBe('offline');
    expect(bestOf(['away', 'online', 'away'])).toBe('online');
    expect(bestOf(['away', 'offline'])).toBe('away');
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...presenceStates)), (all) => {
        const best = bestOf(all);
        for (const one of all) expect(presenceStates.indexOf(best)).toBeLessThanOrEqual(presenceStates.indexOf(one));
        expect(all.length === 0 || all.includes(best)).toBe(true);
      }),
    );
  });

  test.each([
    ['online', null, false, 'online'],
    ['away', null, false, 'away'],
    ['offline', null, false, 'offline'],
    ['online', 'video', false, 'in-consultation'],
    ['away', 'video', true, 'in-consultation'],
    // The line is down: whoever waits on the other side should see it.
    ['offline', 'video', false, 'offline'],
    ['offline', 'video', true, 'on-a-break'],
    ['offline', 'in-person', false, 'in-consultation'],
    ['online', null, true, 'on-a-break'],
    ['offline', null, true, 'on-a-break'],
  ] as const)('connection %s, visit %s, desk paused %s: %s', (connection, consulting, deskPaused, expected) => {
    expect(presenceOf({ connection, consulting, deskPaused })).toBe(expected);
  });
});

describe('[E2] differences', () => {
  const record = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'e'), presence());
  function presence() {
    return fc.constantFrom(...presenceState.options);
  }

  test('lead from any state to any other, and are none between equals', () => {
    fc.assert(
      fc.property(record, record, (before, after) => {
        const patch = differences(before, after);
        expect(patch === null).toBe(JSON.stringify(sorted(before)) === JSON.stringify(sorted(after)));
        expect(patch === null ? before : patched(before, patch)).toEqual(after);
      }),
    );
  });

  test('name only what changed', () => {
    expect(differences({ a: 'online', b: 'away', c: 'online' }, { a: 'online', b: 'online', d: 'away' })).toEqual({
      set: { b: 'online', d: 'away' },
      gone: ['c'],
    });
  });
});

function sorted(record: Record<string, string>): [string, string][] {
  return Object.entries(record).sort(([a], [b]) => a.localeCompare(b));
}
