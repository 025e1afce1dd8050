import { describe, expect, test } from 'vitest';
import { activeAt, idleEnd, rotate, twoTabsMs, type RotationState } from './rules.ts';

const fresh: RotationState = { current: 5, previous: 4, rotatedAt: 1_000_000, lostReply: false };
const later = fresh.rotatedAt + twoTabsMs + 1;

/** Presents tokens one after another; returns the kinds of answers and the state. */
function play(
  state: RotationState,
  steps: readonly (readonly [number, number])[],
): { kinds: string[]; state: RotationState } {
  const kinds: string[] = [];
  for (const [token, now] of steps) {
    const answer = rotate(state, token, now);
    kinds.push(answer.kind);
    if (answer.kind === 'rotate') state = answer.next;
  }
  return { kinds, state };
}

describe('[A3] refresh token rotation', () => {
  test('the current token rotates', () => {
    expect(rotate(fresh, 5, later)).toEqual({
      kind: 'rotate',
      next: { current: 6, previous: 5, rotatedAt: later, lostReply: false },
    });
  });
  test('two tabs with one token both get the current one', () => {
    const { kinds, state } = play(fresh, [
      [5, later],
      [5, later + twoTabsMs],
    ]);
    expect(kinds).toEqual(['rotate', 'repeat']);
    expect(state.current).toBe(6);
  });
  test('one lost reply is forgiven, two are not', () => {
    const { kinds } = play(fresh, [
      [4, later],
      [4, later + twoTabsMs + 1],
    ]);
    expect(kinds).toEqual(['rotate', 'reuse']);
  });
  test('after a lost reply the token that was lost counts as stolen', () => {
    const { kinds } = play(fresh, [
      [4, later],
      [5, later + 1],
    ]);
    expect(kinds).toEqual(['rotate', 'reuse']);
  });
  test('a thief and an owner in lockstep are found out', () => {
    // The thief copies token 5, the owner uses it; the thief replays it late and gets 7, the owner comes with 6.
    const { kinds } = play(fresh, [
      [5, later],
      [5, later + twoTabsMs + 1],
      [6, later + twoTabsMs + 2],
    ]);
    expect(kinds).toEqual(['rotate', 'rotate', 'reuse']);
  });
  test.each([[0], [3], [6], [99]])('token %i is unknown or long gone', (token) => {
    expect(rotate(fresh, token, later).kind).toBe('reuse');
  });
});

describe('[A3] nobody is there', () => {
  const minute = 60_000;
  const now = 1_700_000_000_000;

  test('a session ends a little after its limit, counted from the last activity that anybody knows of', () => {
    expect(idleEnd(now, 15 * minute)).toBe(now + 16 * minute);
    expect(activeAt(now - 10 * minute, now, 3 * minute)).toBe(now - 3 * minute);
    expect(activeAt(now - minute, now, 20 * minute)).toBe(now - minute);
    expect(activeAt(now - 10 * minute, now, undefined)).toBe(now);
  });

  test('no browser makes it later than now', () => {
    expect(activeAt(now + minute, now, 0)).toBe(now);
  });
});
