import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { emptyQueue, reduceQueue, waitingOrder, type QueueEvent, type QueueState } from '../../shared/state/queue.ts';
import { queueLogs, uuid } from '../../tests/support/histories.ts';
import { noticesOf } from './queueRules.ts';

const event = (seq: number, body: Pick<QueueEvent, 'type' | 'data'>): QueueEvent =>
  ({ seq, at: 1_000 + seq, v: 1, ...body }) as QueueEvent;
const joined = (n: number, more: object = {}): QueueEvent =>
  event(n, {
    type: 'joined',
    data: {
      entryId: uuid(n),
      patientId: uuid(100 + n),
      token: n,
      mode: 'video',
      source: 'online',
      priority: 'normal',
      ...more,
    },
  });
const fold = (...events: QueueEvent[]): QueueState => events.reduce(reduceQueue, emptyQueue);
const brief = (state: QueueState, one: QueueEvent) =>
  noticesOf(state, one).map(({ kind, token }) => `${kind} ${token}`);

describe('[E5] who is told of a queue event', () => {
  const three = fold(joined(1), joined(2), joined(3));

  test('calling one tells them, and the one who is next now', () => {
    const called = event(4, { type: 'called', data: { entryId: uuid(1) } });
    expect(brief(three, called)).toEqual(['queue.called A-001', 'queue.next A-002']);
    const recalled = event(5, { type: 'recalled', data: { entryId: uuid(1) } });
    expect(brief(reduceQueue(three, called), recalled)).toEqual(['queue.called A-001']);
  });

  test('who leaves from the middle moves nobody to the front', () => {
    expect(brief(three, event(4, { type: 'cancelled', data: { entryId: uuid(2) } }))).toEqual([]);
    expect(brief(three, event(4, { type: 'cancelled', data: { entryId: uuid(1) } }))).toEqual(['queue.next A-002']);
  });

  test('taking a place tells nobody; moved here from another desk tells the new token', () => {
    expect(brief(three, joined(4))).toEqual([]);
    const from = { sessionId: uuid(900), entryId: uuid(901), joinedAt: 5 };
    expect(brief(three, joined(4, { from }))).toEqual(['queue.transferred A-004']);
  });

  test('more urgent: the staff, and who is first now; less urgent: not the staff', () => {
    const urgent = event(4, { type: 'prioritised', data: { entryId: uuid(3), priority: 'urgent' } });
    expect(brief(three, urgent)).toEqual(['staff.alert A-003', 'queue.next A-003']);
    const calm = event(5, { type: 'prioritised', data: { entryId: uuid(3), priority: 'normal' } });
    expect(brief(reduceQueue(three, urgent), calm)).toEqual(['queue.next A-001']);
  });

  test('a break and the end tell everybody who waits', () => {
    const pause = event(4, { type: 'desk-paused', data: { reason: 'break', until: null } });
    expect(brief(three, pause)).toHaveLength(3);
    const moved = { [uuid(2)]: { sessionId: uuid(900), entryId: uuid(902) } };
    const closed = event(4, { type: 'desk-closed', data: { moved } });
    expect(brief(three, closed)).toEqual(['queue.deskClosed A-001', 'queue.deskClosed A-003']);
  });

  test('whatever happens: only people of this queue, and next is whoever really is', () => {
    fc.assert(
      fc.property(queueLogs, (log) => {
        let state = emptyQueue;
        for (const one of log) {
          const notices = noticesOf(state, one);
          const after = reduceQueue(state, one);
          for (const { kind, entryId, patientId } of notices) {
            expect(after.entries[entryId]?.patientId).toBe(patientId);
            if (kind === 'queue.next') expect(waitingOrder(after)[0]?.id).toBe(entryId);
          }
          state = after;
        }
      }),
      { numRuns: 200 },
    );
  });
});
