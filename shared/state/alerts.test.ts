import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { queueLogs, uuid } from '../../tests/support/histories.ts';
import { alertsOf } from './alerts.ts';
import { emptyQueue, reduceQueue, type QueueEvent, type QueueState } from './queue.ts';

const fold = (events: readonly QueueEvent[], from: QueueState = emptyQueue): QueueState =>
  events.reduce(reduceQueue, from);
const later = 1_700_100_000_000;

describe('[C5] alerts', () => {
  test('only of who waits, once each, oldest first, none that was taken care of', () => {
    fc.assert(
      fc.property(queueLogs, fc.integer({ min: 1, max: 120 }), (log, minutes) => {
        const state = fold(log);
        const alerts = alertsOf(state, later, minutes);
        expect(new Set(alerts.map((alert) => alert.key)).size).toBe(alerts.length);
        alerts.forEach((alert, i) => {
          expect(state.entries[alert.entryId]?.state).toBe('waiting');
          expect(state.entries[alert.entryId]?.acknowledged).not.toContain(alert.kind);
          expect(alert.since).toBeGreaterThanOrEqual(alerts[i - 1]?.since ?? 0);
          expect(alert.since).toBeLessThanOrEqual(later);
        });
      }),
    );
  });

  test('one that somebody took care of ends, alone, for everybody who folds the same log', () => {
    fc.assert(
      fc.property(queueLogs, fc.nat(50), (log, pick) => {
        const state = fold(log);
        const before = alertsOf(state, later, 30);
        const one = before[pick % Math.max(1, before.length)];
        if (!one || state.closedAt !== null) return;
        const data = { entryId: one.entryId, alert: one.kind };
        const event: QueueEvent = { type: 'acknowledged', data, seq: log.length + 1, at: later, v: 1 };
        const after = alertsOf(reduceQueue(state, event), later, 30);
        expect(after).toEqual(before.filter((alert) => alert.key !== one.key));
        const travelled = fold([event], fold(log.map((each) => structuredClone(each))));
        expect(alertsOf(travelled, later, 30)).toEqual(after);
      }),
    );
  });

  test('a wait is long from the stated minute on', () => {
    const joined: QueueEvent = {
      type: 'joined',
      data: { entryId: uuid(1), patientId: uuid(2), token: 1, mode: 'video', source: 'online', priority: 'normal' },
      seq: 1,
      at: later,
      v: 1,
    };
    const kinds = (at: number) => alertsOf(fold([joined]), at, 30).map((alert) => alert.kind);
    expect(kinds(later + 30 * 60_000 - 1)).toEqual([]);
    expect(kinds(later + 30 * 60_000)).toEqual(['long-wait']);
    const here: QueueEvent = {
      type: 'checked-in',
      data: { entryId: uuid(1), via: 'waiting-room' },
      seq: 2,
      at: later,
      v: 1,
    };
    expect(alertsOf(fold([joined, here]), later, 30).map((alert) => alert.kind)).toEqual(['waiting-room']);
  });
});
