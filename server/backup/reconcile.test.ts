import { Int32, Long } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { reconciled, redriven } from './reconcile.ts';

const minute = 60_000;
const cut = 1_000 * minute;
const heads: Record<string, number> = { 'queue:s': 15, 'chat:t': 7 };
const restored = { cut, head: (stream: string) => heads[stream] ?? 0 };

describe('[H6] documents read after the events are brought back to where those end', () => {
  test('numbers of events that the archive does not hold', () => {
    expect(reconciled('encounters', { sessionId: 's', seq: new Int32(20) }, restored)).toEqual({
      sessionId: 's',
      seq: 15,
    });
    expect(reconciled('encounters', { sessionId: 'new', seq: 2 }, restored)).toEqual({ sessionId: 'new' });
    expect(reconciled('threads', { _id: 't', lastSeq: 9, lastAt: 1 }, restored)).toEqual({
      _id: 't',
      lastSeq: 7,
      lastAt: 1,
    });
    const receipt = { threadId: 't', deliveredSeq: 9, readSeq: 3 };
    expect(reconciled('receipts', receipt, restored)).toEqual({ ...receipt, deliveredSeq: 7 });
  });

  test('what is not ahead stays as it is, to the type of a number', () => {
    for (const [name, doc] of [
      ['encounters', { sessionId: 's', seq: new Int32(15) }],
      ['threads', { _id: 't', lastSeq: new Int32(7) }],
      ['places', { sessionId: 's', createdAt: Long.fromNumber(cut - 31 * minute), active: true }],
      ['places', { sessionId: 's', createdAt: cut - minute }],
      ['deskSessions', { status: 'closed', closedAt: cut - 1 }],
      ['patients', { name: 'Asha' }],
    ] as const) {
      expect(reconciled(name, doc, restored)).toBe(doc);
    }
  });

  test('a place taken around the cut is joined again by the sweep; a desk closed after it is open', () => {
    const place = { sessionId: 's', createdAt: cut + 1, active: true, kept: 16 };
    expect(reconciled('places', place, restored)).toEqual({ ...place, kept: 15, joiningSince: 0 });
    expect(reconciled('deskSessions', { _id: 's', status: 'closed', closedAt: cut + 1 }, restored)).toEqual({
      ...{ _id: 's', status: 'open' },
    });
  });

  test('effects that may have been done after the cut are due again, dead ones are not', () => {
    const effects = ['done', 'pending', 'dead'].map((state, i) => ({ id: `${i}`, state, attempts: 3 }));
    const event = { at: cut - minute, effects };
    expect(redriven(event, cut - minute, cut)).toEqual({
      ...event,
      due: cut - minute,
      effects: [{ id: '0', state: 'pending', attempts: 0 }, ...effects.slice(1)],
    });
    expect(redriven(event, cut - 31 * minute, cut)).toBe(event);
  });
});
