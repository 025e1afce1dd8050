import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { frozen, queueLogs, uuid } from '../../tests/support/histories.ts';
import {
  atDesk,
  emptyQueue,
  isActive,
  queueEvent,
  queueState,
  reduceQueue,
  tokenLabel,
  waitingOrder,
  type QueueEvent,
  type QueueState,
} from './queue.ts';

const fold = (events: readonly QueueEvent[], from: QueueState = emptyQueue): QueueState =>
  events.reduce(reduceQueue, from);
/** What a snapshot is by the time a client has it: cut to the contract, through JSON. */
const travelled = (state: QueueState): QueueState => queueState.parse(JSON.parse(JSON.stringify(state)));
const rank = { emergency: 0, urgent: 1, normal: 2 };

describe('the queue’s reducer', () => {
  test('fold of all events = snapshot at any cut + the events after it', () => {
    fc.assert(
      fc.property(queueLogs, fc.nat(40), (log, cut) => {
        const snapshot = travelled(fold(log.slice(0, cut)));
        expect(fold(log.slice(cut), snapshot)).toEqual(fold(log));
      }),
    );
  });

  test('is pure, takes what travelled through JSON, and gives what the contract lists', () => {
    fc.assert(
      fc.property(queueLogs, (log) => {
        let state = frozen(emptyQueue);
        for (const event of log) state = frozen(reduceQueue(state, frozen(event)));
        expect(fold(log.map((event) => queueEvent.parse(JSON.parse(JSON.stringify(event)))))).toEqual(state);
        expect(queueState.parse(state)).toEqual(state);
      }),
    );
  });

  test('tokens are never given back, and everybody who joined stays in the books', () => {
    fc.assert(
      fc.property(queueLogs, (log) => {
        const joined = log.filter((event) => event.type === 'joined').length;
        const state = fold(log);
        expect(state.nextToken).toBe(joined + 1);
        expect(
          Object.values(state.entries)
            .map((entry) => entry.token)
            .sort((a, b) => a - b),
        ).toEqual(Array.from({ length: joined }, (_, i) => i + 1));
      }),
    );
  });

  test('an event about somebody unknown changes nothing', () => {
    const stranger = uuid(999);
    fc.assert(
      fc.property(queueLogs, (log) => {
        const state = fold(log);
        for (const type of ['called', 'recalled', 'finished', 'skipped', 'cancelled'] as const) {
          expect(reduceQueue(state, { seq: 99, at: 1, v: 1, type, data: { entryId: stranger } })).toBe(state);
        }
      }),
    );
  });

  test('waiting order: everyone waiting, by priority, then by arrival; whoever is current was called last', () => {
    fc.assert(
      fc.property(queueLogs, (log) => {
        const state = fold(log);
        const order = waitingOrder(state);
        expect(new Set(order.map((entry) => entry.id))).toEqual(
          new Set(Object.values(state.entries).flatMap((entry) => (entry.state === 'waiting' ? [entry.id] : []))),
        );
        order.forEach((entry, i) => {
          const before = order[i - 1];
          if (!before) return;
          const later = rank[entry.priority] - rank[before.priority] || entry.order - before.order;
          expect(later).toBeGreaterThan(0);
          expect(isActive(entry.state)).toBe(true);
        });
        const known = new Set<string>();
        let last: string | null = null;
        for (const event of log) {
          if (event.type === 'joined') known.add(event.data.entryId);
          if (event.type === 'called' && known.has(event.data.entryId)) last = event.data.entryId;
        }
        expect(state.current).toBe(last);
        const desk = atDesk(state);
        expect(desk === null || desk.state === 'called' || desk.state === 'in-consultation').toBe(true);
      }),
    );
  });

  test('token labels', () => {
    expect([tokenLabel(1), tokenLabel(17), tokenLabel(1234), tokenLabel(5, 'B')]).toEqual([
      'A-001',
      'A-017',
      'A-1234',
      'B-005',
    ]);
  });
});
