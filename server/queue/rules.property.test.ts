import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AppError } from '../../shared/errors.ts';
import { emptyQueue, isActive, reduceQueue, type QueueEntry, type QueueState } from '../../shared/state/queue.ts';
import { frozen, uuid } from '../../tests/support/histories.ts';
import { closeDesk, pause, unpause } from './deskRules.ts';
import * as rules from './rules.ts';
import { undo } from './undoRules.ts';

type Decide = (state: QueueState, at: number) => rules.QueueDecision;
interface Step {
  readonly kind: keyof typeof commands;
  readonly who: number;
  readonly number: number;
}

/** 0: whoever was called last. */
const whom = (state: QueueState, who: number): string => (who === 0 && state.current) || uuid(who || 1);

const priorities = ['normal', 'urgent', 'emergency'] as const;
const commands = {
  join:
    ({ who, number }) =>
    (state) =>
      rules.join(state, {
        entryId: uuid(state.nextToken),
        patientId: uuid(100 + state.nextToken),
        mode: who % 2 ? 'video' : 'in-person',
        source: number % 2 ? 'online' : 'walk-in',
        priority: priorities[number % 7] ?? 'normal',
        ...(number === 5 ? { from: { sessionId: uuid(900), entryId: uuid(800), joinedAt: who * 500 } } : {}),
      }),
  callNext:
    ({ number }) =>
    (state) =>
      rules.callNext(state, number === 0 ? null : state.current),
  call:
    ({ who }) =>
    (state) =>
      rules.call(state, whom(state, who), state.current),
  recall:
    ({ who }) =>
    (state) =>
      rules.recall(state, whom(state, who)),
  start:
    ({ who }) =>
    (state) =>
      rules.start(state, whom(state, who), uuid(500 + who)),
  finish:
    ({ who }) =>
    (state) =>
      rules.finish(state, whom(state, who)),
  skip:
    ({ who }) =>
    (state) =>
      rules.skip(state, whom(state, who)),
  noShow:
    ({ who }) =>
    (state) =>
      rules.noShow(state, whom(state, who)),
  hold:
    ({ who }) =>
    (state) =>
      rules.hold(state, whom(state, who)),
  resume:
    ({ who }) =>
    (state) =>
      rules.resume(state, whom(state, who)),
  requeue:
    ({ who, number }) =>
    (state) =>
      rules.requeue(state, whom(state, who), number + 1),
  cancel:
    ({ who }) =>
    (state) =>
      rules.cancel(state, whom(state, who)),
  prioritise:
    ({ who, number }) =>
    (state) =>
      rules.prioritise(state, whom(state, who), priorities[number % 3] ?? 'normal'),
  triage:
    ({ who, number }) =>
    (state) =>
      rules.triage(state, whom(state, who), priorities[number % 3] ?? 'normal'),
  checkIn:
    ({ who }) =>
    (state) =>
      rules.checkIn(state, whom(state, who), 'desk'),
  acknowledge:
    ({ who }) =>
    (state) =>
      rules.acknowledge(state, whom(state, who), 'long-wait'),
  transfer:
    ({ who, number }) =>
    (state) =>
      rules.transfer(state, whom(state, who), { sessionId: uuid(900), entryId: uuid(600 + number) }),
  transferFailed:
    ({ who }) =>
    (state) =>
      rules.transferFailed(state, whom(state, who)),
  pause: () => (state, at) => pause(state, 'break', null, at),
  unpause: () => (state) => unpause(state),
  undo:
    ({ who }) =>
    (state, at) =>
      undo(state, whom(state, who), state.entries[whom(state, who)]?.undo?.seq ?? 1, at),
  close:
    ({ number }) =>
    (state) => {
      // Rarely: it ends the story.
      if (number !== 11) throw new AppError('CONFLICT', 'not now');
      return closeDesk(state, (entryId) => ({ sessionId: uuid(900), entryId }));
    },
} satisfies Record<string, (step: Omit<Step, 'kind'>) => Decide>;
const kinds = Object.keys(commands) as (keyof typeof commands)[];

const steps = fc.array(
  fc.record({
    kind: fc.constantFrom(...kinds, 'join', 'join', 'callNext', 'callNext', 'undo'),
    who: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 8 })),
    number: fc.nat(11),
  }),
  { minLength: 10, maxLength: 80, size: 'max' },
);

/** Takes the steps that the rules allow; whatever they refuse has a code and changes nothing. */
function* play(taken: readonly Step[]): Generator<{ before: QueueState; after: QueueState; step: Step; at: number }> {
  let state: QueueState = frozen(emptyQueue);
  let seq = 0;
  let at = 1_000_000;
  for (const step of taken) {
    at += 1_000;
    const before = state;
    try {
      const { effects: _effects, ...body } = commands[step.kind](step)(state, at);
      state = frozen(reduceQueue(state, { ...body, seq: (seq += 1), at, v: 1 }));
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      continue;
    }
    yield { before, after: state, step, at };
  }
}
const bare = ({ undo: _undo, ...entry }: QueueEntry) => entry;

describe('whatever a desk is told to do', () => {
  test('never two at the desk, nobody lost, tokens and order numbers once each, nothing after the end', () => {
    fc.assert(
      fc.property(steps, (taken) => {
        for (const { before, after, step } of play(taken)) {
          const all = Object.values(after.entries);
          const busy = all.filter((entry) => rules.busyStates.includes(entry.state));
          expect(busy.length).toBeLessThanOrEqual(1);
          expect(Object.keys(after.entries)).toEqual(expect.arrayContaining(Object.keys(before.entries)));
          expect(new Set(all.map((entry) => entry.order)).size).toBe(all.length);
          expect(new Set(all.map((entry) => entry.token)).size).toBe(all.length);
          for (const entry of all) expect(entry.endedAt === null).toBe(isActive(entry.state));
          if (after.closedAt !== null) expect(all.some((entry) => isActive(entry.state))).toBe(false);
          if (before.closedAt !== null) expect(step.kind).toBe('transferFailed');
        }
      }),
      { numRuns: 400 },
    );
  });

  test('what is taken back at once leaves everybody as they were', () => {
    let undone = 0;
    fc.assert(
      fc.property(steps, (taken) => {
        for (const { before, after, at } of play(taken)) {
          const changed = Object.values(after.entries).find((one) => one.undo?.at === at);
          if (changed?.undo?.at !== at) continue;
          const { undo: last } = changed;
          let back: QueueState;
          try {
            const { effects: _effects, ...body } = undo(after, changed.id, last?.seq ?? 0, at);
            back = reduceQueue(after, { ...body, seq: (last?.seq ?? 0) + 1, at, v: 1 });
          } catch (error) {
            expect(error).toBeInstanceOf(AppError);
            continue;
          }
          undone += 1;
          const same = (state: QueueState) => Object.values(state.entries).map(bare);
          expect(same(back)).toEqual(same(before));
          expect(back.entries[changed.id]?.undo).toBeNull();
        }
      }),
      { numRuns: 300 },
    );
    expect(undone).toBeGreaterThan(500);
  });
});
