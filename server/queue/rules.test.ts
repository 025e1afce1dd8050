import { describe, expect, test } from 'vitest';
import { emptyQueue, reduceQueue, waitingOrder, type QueueEvent, type QueueState } from '../../shared/state/queue.ts';
import { uuid } from '../../tests/support/histories.ts';
import { closeDesk, pause, unpause } from './deskRules.ts';
import * as rules from './rules.ts';
import { requireUndoRole, undo, undoReclaims } from './undoRules.ts';

/** A desk that is told what to do, second by second. */
class Desk {
  state: QueueState = emptyQueue;
  seq = 0;
  at = 0;

  do(decide: (state: QueueState, at: number) => rules.QueueDecision): { effects: string[]; seq: number } {
    this.at += 1000;
    const { effects = [], ...body } = decide(this.state, this.at);
    this.seq += 1;
    const event: QueueEvent = { ...body, seq: this.seq, at: this.at, v: 1 };
    this.state = reduceQueue(this.state, event);
    return { effects: effects.map((effect) => effect.kind), seq: this.seq };
  }

  join(n: number, more: Partial<rules.Claim> = {}): void {
    const claim = { entryId: uuid(n), patientId: uuid(100 + n), mode: 'video', source: 'online', priority: 'normal' };
    this.do((state) => rules.join(state, { ...claim, ...more } as rules.Claim));
  }
  next = () => this.do((state) => rules.callNext(state, state.current));
  start = (n: number) => this.do((state) => rules.start(state, uuid(n), uuid(500 + n)));
  on = (n: number, decide: (state: QueueState, entryId: string) => rules.QueueDecision) =>
    this.do((state) => decide(state, uuid(n)));
  undo = (n: number) => {
    const last = this.state.entries[uuid(n)]?.undo?.seq ?? 0;
    return this.do((state, at) => undo(state, uuid(n), last, at));
  };
  entry = (n: number) => this.state.entries[uuid(n)];
  line = () => waitingOrder(this.state).map((entry) => entry.token);
}

function desk(people: number): Desk {
  const made = new Desk();
  for (let n = 1; n <= people; n++) made.join(n);
  return made;
}
const code = (work: () => unknown): unknown => {
  try {
    work();
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error;
  }
  return 'nothing thrown';
};

describe('[C2] calling', () => {
  test('one wins; whoever saw another state is told', () => {
    const one = desk(2);
    one.do((state) => rules.callNext(state, null));
    expect(code(() => rules.callNext(one.state, null))).toBe('QUEUE_MOVED');
    expect(code(() => rules.callNext(one.state, uuid(1)))).toBe('CALLED_WAITING');
    one.start(1);
    expect(code(() => rules.callNext(one.state, uuid(1)))).toBe('IN_CONSULTATION');
    one.on(1, rules.finish);
    one.next();
    one.start(2);
    one.on(2, rules.finish);
    expect(code(() => rules.callNext(one.state, uuid(2)))).toBe('QUEUE_EMPTY');
  });

  test('out of turn says so in the event; a repeated call counts', () => {
    const one = desk(3);
    one.do((state) => rules.call(state, uuid(2), null));
    expect(rules.call(desk(2).state, uuid(1), null).data).toEqual({ entryId: uuid(1) });
    expect(rules.call(desk(2).state, uuid(2), null).data).toEqual({ entryId: uuid(2), turn: false });
    const before = one.entry(2)?.call ?? 0;
    one.on(2, rules.recall);
    expect(one.entry(2)).toMatchObject({ recalls: 1, call: before + 1 });
    expect(code(() => rules.call(one.state, uuid(9), uuid(2)))).toBe('NOT_FOUND');
    expect(code(() => rules.recall(one.state, uuid(1)))).toBe('WRONG_STATE');
  });

  test('the third skip is a no-show and frees the place', () => {
    const one = desk(1);
    one.next();
    expect(one.on(1, rules.skip).effects).toEqual(['room.close']);
    for (let again = 0; again < 2; again++) {
      one.on(1, rules.recall);
      one.on(1, rules.skip);
    }
    expect(one.entry(1)).toMatchObject({ state: 'no-show', skips: 2 });
    expect(code(() => rules.recall(one.state, uuid(1)))).toBe('WRONG_STATE');
  });
});

describe('[C2] the line', () => {
  test('hold keeps the place; requeue gives a stated one, after those of a higher priority', () => {
    const one = desk(4);
    one.on(2, rules.hold);
    expect(one.line()).toEqual([1, 3, 4]);
    one.on(2, rules.resume);
    expect(one.line()).toEqual([1, 2, 3, 4]);
    one.do((state) => rules.requeue(state, uuid(4), 2));
    expect(one.line()).toEqual([1, 4, 2, 3]);
    one.do((state) => rules.requeue(state, uuid(1), 10_000));
    expect(one.line()).toEqual([4, 2, 3, 1]);
    one.do((state) => rules.prioritise(state, uuid(3), 'emergency'));
    one.do((state) => rules.requeue(state, uuid(1), 1));
    expect(one.line()).toEqual([3, 1, 4, 2]);
    expect(new Set(Object.values(one.state.entries).map((entry) => entry.order)).size).toBe(4);
  });

  test('whoever is sent here keeps the time already waited', () => {
    const one = desk(3);
    one.join(4, { from: { sessionId: uuid(900), entryId: uuid(800), joinedAt: 1_500 } });
    expect(one.line()).toEqual([1, 4, 2, 3]);
    one.join(5);
    expect(one.line()).toEqual([1, 4, 2, 3, 5]);
    // And need not say again that they are here.
    one.join(6, { from: { sessionId: uuid(900), entryId: uuid(801), joinedAt: 1_500, checkedInAt: 1_700 } });
    expect(one.state.entries[uuid(6)]?.checkedInAt).toBe(1_700);
  });

  test('a visit that was begun ends however its patient leaves', () => {
    const begun = (): Desk => {
      const one = desk(2);
      one.next();
      one.start(1);
      one.on(1, rules.hold);
      return one;
    };
    expect(begun().on(1, rules.cancel).effects).toEqual(['encounter.close', 'place.release']);
    const back = begun();
    back.on(1, rules.resume);
    back.next();
    expect(back.on(1, rules.noShow).effects).toEqual(['encounter.close', 'room.close', 'place.release']);
    const to = { sessionId: uuid(900), entryId: uuid(801) };
    expect(begun().do((state) => rules.transfer(state, uuid(1), to)).effects).toEqual([
      'encounter.close',
      'place.transfer',
    ]);
  });

  test('what could not be handed over waits here again, or is off the list when this desk has closed', () => {
    const to = { sessionId: uuid(900), entryId: uuid(801) };
    const one = desk(2);
    one.do((state) => rules.transfer(state, uuid(1), to));
    expect(one.line()).toEqual([2]);
    one.on(1, rules.transferFailed);
    expect(one.line()).toEqual([1, 2]);
    one.do((state) => closeDesk(state, () => to));
    one.on(1, rules.transferFailed);
    expect(one.entry(1)).toMatchObject({ state: 'cancelled', to: null });
  });
});

describe('[C2] undo', () => {
  test.each([
    ['a call', (one: Desk) => one.next(), 'waiting', ['room.close']],
    ['a start', (one: Desk) => (one.next(), one.start(1)), 'called', ['encounter.void']],
    ['a skip', (one: Desk) => (one.next(), one.on(1, rules.skip)), 'called', ['room.open']],
    ['a cancellation', (one: Desk) => one.on(1, rules.cancel), 'waiting', []],
    ['a hold', (one: Desk) => one.on(1, rules.hold), 'waiting', []],
    ['a no-show', (one: Desk) => (one.next(), one.on(1, rules.noShow)), 'called', ['room.open']],
    [
      'an end',
      (one: Desk) => (one.next(), one.start(1), one.on(1, rules.finish)),
      'in-consultation',
      ['encounter.open', 'room.open'],
    ],
  ] as const)('%s', (_what, act, state, effects) => {
    const one = desk(2);
    act(one);
    const entry = one.entry(1);
    expect(entry && undoReclaims(entry)).toBe(['done', 'cancelled', 'no-show'].includes(entry?.state ?? ''));
    expect(one.undo(1).effects).toEqual(effects);
    expect(one.entry(1)).toMatchObject({ state, undo: null });
    expect(one.line()).toEqual(state === 'waiting' ? [1, 2] : [2]);
  });

  test('a move, also of one who was on hold: back to where they stood', () => {
    const one = desk(4);
    one.do((state) => rules.requeue(state, uuid(1), 3));
    one.undo(1);
    expect(one.line()).toEqual([1, 2, 3, 4]);
    one.on(1, rules.hold);
    one.do((state) => rules.requeue(state, uuid(1), 4));
    one.undo(1);
    expect(one.entry(1)?.state).toBe('on-hold');
    one.on(1, rules.resume);
    expect(one.line()).toEqual([1, 2, 3, 4]);
  });

  test('only the last thing, only for five minutes, never a second one at the desk', () => {
    const one = desk(3);
    const first = one.next().seq;
    one.on(1, rules.skip);
    expect(code(() => undo(one.state, uuid(1), first, one.at))).toBe('NOT_UNDOABLE');
    const skip = one.entry(1)?.undo?.seq ?? 0;
    expect(code(() => undo(one.state, uuid(1), skip, one.at + 5 * 60_000 + 1))).toBe('NOT_UNDOABLE');
    one.next();
    expect(code(() => undo(one.state, uuid(1), skip, one.at))).toBe('CALLED_WAITING');
    one.on(3, (state, id) => rules.checkIn(state, id, 'desk'));
    expect(code(() => undo(one.state, uuid(3), one.seq, one.at))).toBe('NOT_UNDOABLE');
    one.undo(2);
    one.undo(1);
    expect(one.entry(1)?.state).toBe('called');
    one.on(1, rules.skip);
    one.do((state) => closeDesk(state, null));
    expect(code(() => one.undo(1))).toBe('SESSION_CLOSED');
  });

  test('an alert that somebody took care of does not stand in the way', () => {
    const one = desk(1);
    one.on(1, rules.hold);
    const { seq } = one.entry(1)?.undo ?? {};
    one.do((state) => rules.acknowledge(state, uuid(1), 'arrival'));
    expect(code(() => rules.acknowledge(one.state, uuid(1), 'arrival'))).toBe('WRONG_STATE');
    one.do((state, at) => undo(state, uuid(1), seq ?? 0, at));
    expect(one.entry(1)).toMatchObject({ state: 'waiting', acknowledged: ['arrival'] });
  });
});

describe('[C2] the desk', () => {
  test('nobody is called in a break', () => {
    const one = desk(2);
    one.do((state, at) => pause(state, 'break', at + 60_000, at));
    expect(code(() => rules.callNext(one.state, null))).toBe('DESK_PAUSED');
    expect(code(() => rules.call(one.state, uuid(2), null))).toBe('DESK_PAUSED');
    expect(code(() => pause(one.state, 'break', one.at, one.at))).toBe('INVALID_INPUT');
    one.do((state) => unpause(state));
    expect(code(() => unpause(one.state))).toBe('WRONG_STATE');
    one.next();
  });

  test('closing: who is at the desk comes first; the rest goes home or elsewhere; then nothing more happens', () => {
    const one = desk(4);
    one.next();
    expect(code(() => closeDesk(one.state, null))).toBe('CALLED_WAITING');
    one.on(1, rules.skip);
    one.on(2, rules.hold);
    const other = { sessionId: uuid(900), entryId: uuid(801) };
    const { effects } = one.do((state) => closeDesk(state, (entryId) => (entryId === uuid(3) ? other : other)));
    expect(effects).toEqual([...Array<string>(4).fill('place.transfer'), 'desk.close']);
    expect(one.entry(3)).toMatchObject({ state: 'transferred', to: other });
    const two = desk(2);
    two.next();
    two.on(1, rules.skip);
    two.do((state) => closeDesk(state, null));
    expect([two.entry(1)?.state, two.entry(2)?.state]).toEqual(['no-show', 'cancelled']);
    expect(code(() => two.join(9))).toBe('SESSION_CLOSED');
    expect(code(() => closeDesk(two.state, null))).toBe('SESSION_CLOSED');
    expect(code(() => rules.callNext(two.state, uuid(1)))).toBe('SESSION_CLOSED');
  });
});

describe('[C2] who may', () => {
  test('a video visit is the doctor’s, at the clinic staff may note it', () => {
    const one = desk(1);
    one.join(2, { mode: 'in-person' });
    const asStaff = (n: number) => code(() => rules.requireVisitRole(one.state, uuid(n), 'staff'));
    expect([asStaff(1), asStaff(2)]).toEqual(['FORBIDDEN', 'nothing thrown']);
    expect(code(() => rules.requireVisitRole(one.state, uuid(1), 'doctor'))).toBe('nothing thrown');
    const inside = () => code(() => rules.requireVisitRoleInside(one.state, uuid(1), 'staff'));
    expect(inside()).toBe('nothing thrown');
    one.next();
    expect(code(() => requireUndoRole(one.state, uuid(1), 'staff'))).toBe('nothing thrown');
    one.start(1);
    expect(inside()).toBe('FORBIDDEN');
    expect(code(() => requireUndoRole(one.state, uuid(1), 'staff'))).toBe('FORBIDDEN');
    one.on(1, rules.finish);
    expect(code(() => requireUndoRole(one.state, uuid(1), 'staff'))).toBe('FORBIDDEN');
  });
});
