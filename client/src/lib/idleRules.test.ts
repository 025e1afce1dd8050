import { describe, expect, it } from 'vitest';
import { idleness, nextLookMs, tellEveryMs, warnMs } from './idleRules.ts';

const minute = 60_000;
const limit = 15 * minute;

describe('[A3] idleness', () => {
  it('asks in the last minute, and is over at the limit', () => {
    expect(idleness(0, limit)).toEqual({ kind: 'there' });
    expect(idleness(limit - minute - 1, limit)).toEqual({ kind: 'there' });
    expect(idleness(limit - minute, limit)).toEqual({ kind: 'asking', leftMs: minute });
    expect(idleness(limit, limit)).toEqual({ kind: 'over', leftMs: 0 });
    expect(idleness(limit * 9, limit)).toEqual({ kind: 'over', leftMs: 0 });
  });

  it('never looks too late for a change', () => {
    for (let quiet = 0; quiet < limit; quiet += 7_000) {
      const wait = nextLookMs(quiet, limit);
      expect(wait).toBeGreaterThan(0);
      if (quiet < limit - minute) expect(quiet + wait).toBeLessThanOrEqual(Math.max(limit - minute, quiet + 50));
      else expect(wait).toBeLessThanOrEqual(1_000);
    }
  });

  it('tells the hub often enough that it never ends a sign-in in which somebody is there', () => {
    for (const ms of [minute / 2, limit, 24 * 60 * minute]) {
      expect(tellEveryMs(ms) * 2).toBeLessThan(ms);
      expect(warnMs(ms)).toBeLessThan(ms / 2);
    }
  });
});
