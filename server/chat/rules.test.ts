import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits } from '../../shared/limits.ts';
import { emptyChat, reduceChat, type ChatMessage } from '../../shared/state/chat.ts';
import { chatLogs } from '../../tests/support/histories.ts';
import { folded, mayDelete, mayEdit, presented, readersOf, unreadIn, type Reader } from './rules.ts';

const message = (seq: number, author: string, more: Partial<ChatMessage> = {}): ChatMessage => ({
  id: `m${seq}`,
  seq,
  at: seq,
  author,
  text: 'x',
  ...more,
});

describe('[E1] what may still be told', () => {
  test('adds up to the same state, and holds no words that are gone, wherever the telling begins', () => {
    fc.assert(
      fc.property(chatLogs, fc.nat(150), (log, from) => {
        const now = log.reduce(reduceChat, emptyChat);
        const told = log.map((event) => presented(event, now.messages));
        const start = log.slice(0, from).reduce(reduceChat, emptyChat);
        expect(told.slice(from).reduce(reduceChat, start).messages).toEqual(now.messages);
        const current = new Map(now.messages.map((one) => [one.id, one.text]));
        for (const event of told) {
          if (event.type !== 'deleted' && current.has(event.data.messageId)) {
            expect(event.data.text).toBe(current.get(event.data.messageId));
          }
        }
      }),
    );
  });
});

describe('[E1] changing and taking back', () => {
  const code = (act: () => void): string => {
    try {
      act();
      return 'OK';
    } catch (error) {
      return error instanceof Error && 'code' in error ? String(error.code) : 'thrown';
    }
  };
  test('only the author; changes for a quarter of an hour, to the millisecond', () => {
    const mine = message(1, 'me', { at: 1_000 });
    expect(code(() => mayEdit(mine, 'me', 1_000 + limits.chatEditMs))).toBe('OK');
    expect(code(() => mayEdit(mine, 'me', 1_001 + limits.chatEditMs))).toBe('EDIT_CLOSED');
    expect(code(() => mayEdit(mine, 'you', 1_000))).toBe('FORBIDDEN');
    expect(code(() => mayEdit({ ...mine, deletedAt: 2 }, 'me', 1_000))).toBe('WRONG_STATE');
    expect(code(() => mayDelete(mine, 'me'))).toBe('OK');
    expect(code(() => mayDelete(mine, 'you'))).toBe('FORBIDDEN');
  });
});

describe('[E1] unread', () => {
  const reader = (more: Partial<Reader> = {}): Reader => ({
    accountId: 'me',
    side: 'doctor',
    readSeq: 0,
    since: 0,
    ...more,
  });
  test('after what was read, after my own last word, without what was taken back, not from before my time', () => {
    const all = [
      message(1, 'a'),
      message(2, 'me'),
      message(3, 'a'),
      message(4, 'a', { deletedAt: 9 }),
      message(6, 'b'),
    ];
    expect(unreadIn('visit', all, reader())).toBe(2);
    expect(unreadIn('visit', all, reader({ readSeq: 3 }))).toBe(1);
    expect(unreadIn('visit', all, reader({ readSeq: 6 }))).toBe(0);
    expect(unreadIn('staff', all, reader({ accountId: 'new', since: 5 }))).toBe(1);
  });
  test('in the waiting room an answer of the desk settles it for the desk, not for the patient', () => {
    const all = [
      message(1, 'p', { side: 'patient' }),
      message(2, 's', { side: 'staff' }),
      message(3, 'p', { side: 'patient' }),
    ];
    expect(unreadIn('waiting', all, reader({ accountId: 'other', side: 'staff' }))).toBe(1);
    expect(unreadIn('waiting', all.slice(0, 2), reader({ accountId: 'other', side: 'staff' }))).toBe(0);
    expect(unreadIn('waiting', all, reader({ accountId: 'guardian', side: 'patient' }))).toBe(3);
  });
  test('stops counting where nobody counts any more', () => {
    const many = Array.from({ length: 200 }, (_, i) => message(i + 1, 'a'));
    expect(unreadIn('visit', many, reader())).toBe(limits.unreadMost + 1);
  });
});

describe('[E1] receipts', () => {
  test('by side outside the staff channel: no account is named; read counts as delivered', () => {
    const rows = [
      { accountId: 's1', side: 'staff', deliveredSeq: 9, readSeq: 2 },
      { accountId: 's2', side: 'staff', deliveredSeq: 3, readSeq: 3 },
      { accountId: 'p', side: 'patient', deliveredSeq: 0, readSeq: 7 },
    ] as const;
    expect(readersOf('waiting', rows).readers).toEqual([
      { side: 'patient', accountId: null, deliveredSeq: 7, readSeq: 7 },
      { side: 'staff', accountId: null, deliveredSeq: 9, readSeq: 3 },
    ]);
    expect(readersOf('staff', rows).readers).toHaveLength(3);
  });
});

test('search compares letters, not how they were typed', () => {
  expect(folded('É')).toBe(folded('e\u0301'));
  expect(folded('क़')).toBe(folded('\u0958'));
});
