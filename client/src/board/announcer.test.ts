import { describe, expect, it } from 'vitest';
import type { BoardDesk } from '../../../shared/contract/board.ts';
import { finished, observe, quiet, type Announcer } from './announcer.ts';

type Now = BoardDesk['now'];
const called = (token: string, call: number): Now => ({ token, call, state: 'called' });
const desk = (sessionId: string, now: Now): BoardDesk => ({
  sessionId,
  doctorName: `Dr ${sessionId}`,
  label: '',
  now,
  next: [],
  waiting: 0,
  pause: null,
});

/** Plays a script of boards; `end` = the voice has finished what it says. Returns what was said, in order. */
function play(script: readonly (readonly BoardDesk[] | 'end')[]): string[] {
  let announcer: Announcer = quiet;
  const said: string[] = [];
  for (const step of script) {
    const before = announcer.speaking;
    announcer = step === 'end' ? finished(announcer) : observe(announcer, step);
    if (announcer.speaking && announcer.speaking !== before) said.push(announcer.speaking.token);
  }
  return said;
}

describe('the announcer of a board', () => {
  it('says a call once, however often the board is sent', () => {
    const one = [desk('a', called('A-001', 1))];
    expect(play([[desk('a', null)], one, one, 'end', one])).toEqual(['A-001']);
  });

  it('does not say what was called before the board was switched on', () => {
    const one = [desk('a', called('A-001', 1))];
    expect(play([one, one, [desk('a', called('A-002', 2))]])).toEqual(['A-002']);
  });

  it('is not interrupted: a call during another waits for its end', () => {
    const first = [desk('a', called('A-001', 1)), desk('b', null)];
    const both = [desk('a', called('A-001', 1)), desk('b', called('B-001', 1))];
    const start = [desk('a', null), desk('b', null)];
    expect(play([start, first, both])).toEqual(['A-001']);
    expect(play([start, first, both, 'end', 'end'])).toEqual(['A-001', 'B-001']);
  });

  it('says a repeated call again, also when it is repeated while it is said', () => {
    const start = [desk('a', null)];
    const [call, recall] = [[desk('a', called('A-001', 1))], [desk('a', called('A-001', 2))]];
    expect(play([start, call, 'end', recall])).toEqual(['A-001', 'A-001']);
    expect(play([start, call, recall, 'end'])).toEqual(['A-001', 'A-001']);
    // Repeated twice before its turn came: once is enough.
    expect(play([start, call, recall, [desk('a', called('A-001', 3))], 'end', 'end'])).toEqual(['A-001', 'A-001']);
  });

  it('says two desks that call at once one after the other, in the order of the board', () => {
    const start = [desk('a', null), desk('b', null), desk('c', null)];
    const all = [desk('a', called('A-001', 5)), desk('b', called('B-001', 2)), desk('c', called('C-001', 9))];
    expect(play([start, all, 'end', 'end', 'end'])).toEqual(['A-001', 'B-001', 'C-001']);
  });

  it('does not say a call that was taken back or answered before its turn', () => {
    const start = [desk('a', null), desk('b', null)];
    const both = [desk('a', called('A-001', 1)), desk('b', called('B-001', 1))];
    expect(play([start, both, [desk('a', called('A-001', 1)), desk('b', null)], 'end'])).toEqual(['A-001']);
    const answered = desk('b', { token: 'B-001', call: 1, state: 'in-consultation' });
    expect(play([start, both, [desk('a', called('A-001', 1)), answered], 'end'])).toEqual(['A-001']);
  });

  it('does not say a repeat that was taken back, nor a call that is back after a start was undone', () => {
    const start = [desk('a', null), desk('b', null)];
    const busy = [desk('a', called('A-001', 1)), desk('b', called('B-001', 4))];
    const back = [desk('a', called('A-001', 1)), desk('b', called('B-001', 3))];
    expect(play([start, busy, back, 'end'])).toEqual(['A-001']);
    const begun = [desk('a', { token: 'A-001', call: 1, state: 'in-consultation' }), desk('b', null)];
    const again = [desk('a', called('A-001', 1)), desk('b', null)];
    expect(play([start, again, 'end', begun, again])).toEqual(['A-001']);
  });

  it('says only the call that stands after calls were missed', () => {
    const start = [desk('a', null)];
    expect(play([start, [desk('a', called('A-001', 1))], 'end', [desk('a', called('A-004', 9))], 'end'])).toEqual([
      'A-001',
      'A-004',
    ]);
  });

  it('says the first call of a desk that opened later, and forgets a desk that closed', () => {
    expect(play([[], [desk('a', called('A-001', 2))]])).toEqual(['A-001']);
    const both = [desk('a', called('A-001', 1)), desk('b', called('B-001', 1))];
    expect(play([[desk('a', null), desk('b', null)], both, [desk('a', called('A-001', 1))], 'end'])).toEqual(['A-001']);
  });

  it('stays small over a long day', () => {
    let announcer: Announcer = observe(quiet, [desk('a', null), desk('b', null)]);
    for (let call = 1; call <= 1_000; call++) {
      announcer = observe(announcer, [desk('a', called(`A-${call}`, call)), desk('b', called(`B-${call}`, call))]);
    }
    expect(announcer.waiting.length).toBeLessThanOrEqual(2);
    expect(Object.keys(announcer.heard ?? {})).toEqual(['a', 'b']);
  });
});
