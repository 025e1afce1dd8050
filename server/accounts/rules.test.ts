import { describe, expect, test } from 'vitest';
import { rotate, twoTabsMs, type RotationState } from './rules.ts';

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
