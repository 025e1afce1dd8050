import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChatMessage } from '../../../shared/state/chat.ts';
import {
  editable,
  firstUnread,
  joined,
  linesOf,
  marked,
  receiptOf,
  recognise,
  stillOutgoing,
  type Outgoing,
} from './rules.ts';

const message = (seq: number, author = 'me', text = `text ${seq}`, at = seq * 1_000): ChatMessage => ({
  id: `m${seq}`,
  seq,
  at,
  author,
  text,
});
const out = (id: string, text: string, messageId: string | null = null): Outgoing => ({
  id,
  threadId: 't',
  text,
  attachments: [],
  at: 0,
  state: 'sending',
  messageId,
  code: null,
});
const range = (from: number, to: number): ChatMessage[] =>
  Array.from({ length: to - from + 1 }, (_, i) => message(from + i));

describe('joined', () => {
  it('puts older pages before what the stream holds, each message once', () => {
    fc.assert(
      fc.property(fc.nat(30), fc.nat(30), fc.nat(30), (a, b, c) => {
        const [from, middle, to] = [a + 1, a + b + 2, a + b + c + 3];
        const older = { messages: range(from, middle - 1), before: middle };
        expect(joined(older, range(middle, to)).map((one) => one.seq)).toEqual(range(from, to).map((one) => one.seq));
      }),
    );
  });

  it('drops older pages that do not reach what came after a restart of the stream', () => {
    expect(joined({ messages: range(1, 9), before: 10 }, range(80, 90))).toEqual(range(80, 90));
    expect(joined(null, [])).toEqual([]);
    // Numbers are taken by changes too: a gap in them alone is no hole.
    const kept = joined({ messages: range(1, 4), before: 12 }, range(12, 13));
    expect(kept.map((one) => one.seq)).toEqual([1, 2, 3, 4, 12, 13]);
  });
});

describe('outgoing', () => {
  it('is gone once the thread holds it', () => {
    expect(stillOutgoing([out('a', 'x', 'm1'), out('b', 'y')], [message(1)]).map((one) => one.id)).toEqual(['b']);
  });

  it('is recognised in the stream before the reply, the oldest of equal words first, and only if ours', () => {
    const both = [out('a', 'hello'), out('b', 'hello')];
    const after = recognise(
      both,
      [
        { id: 'm9', author: 'other', text: 'hello' },
        { id: 'm10', author: 'me', text: 'hello' },
      ],
      'me',
    );
    expect(after.map((one) => one.messageId)).toEqual(['m10', null]);
    expect(recognise(after, [{ id: 'm10', author: 'me', text: 'hello' }], 'me')).toEqual(after);
  });
});

describe('linesOf', () => {
  it('puts what one author says within five minutes together, and starts anew with the day and with what is new', () => {
    const minute = 60_000;
    const messages = [
      message(1, 'a', '1', 0),
      message(2, 'a', '2', minute),
      message(3, 'b', '3', 2 * minute),
      message(4, 'b', '4', 8 * minute),
      message(5, 'b', '5', 9 * minute),
      message(6, 'b', '6', 9 * minute + 1),
    ];
    const lines = linesOf(messages, 'b', (at) => (at < 9 * minute ? 'mon' : 'tue'), 'm6');
    expect(lines.map(({ mine, first, last, newDay, newHere }) => [mine, first, last, newDay, newHere])).toEqual([
      [false, true, false, true, false],
      [false, false, true, false, false],
      [true, true, true, false, false],
      [true, true, true, false, false],
      [true, true, true, true, false],
      [true, true, true, false, true],
    ]);
  });

  it('begins what is new at the first of the unread ones, those taken back not counted', () => {
    const gone = { ...message(3, 'other'), text: '', deletedAt: 9 };
    const all = [message(1, 'me'), message(2, 'other'), gone, message(4, 'other')];
    expect(firstUnread(all, 'me', 2)).toBe('m2');
    expect(firstUnread(all, 'me', 1)).toBe('m4');
    expect(firstUnread(all, 'me', 0)).toBeNull();
  });
});

describe('receiptOf', () => {
  const me = { accountId: 'me', side: 'patient' } as const;
  const reader = (
    side: 'patient' | 'doctor',
    deliveredSeq: number,
    readSeq: number,
    accountId: string | null = null,
  ) => ({
    side,
    accountId,
    deliveredSeq,
    readSeq,
  });
  it('goes by the other side; my own side reading it means nothing', () => {
    expect(receiptOf(message(5), [reader('patient', 9, 9)], me)).toEqual({ kind: 'sent' });
    expect(receiptOf(message(5), [reader('doctor', 5, 4)], me)).toEqual({ kind: 'delivered' });
    expect(receiptOf(message(5), [reader('doctor', 5, 5), reader('patient', 9, 9)], me)).toEqual({
      kind: 'read',
      by: 1,
    });
  });
  it('counts people in the staff channel, without me', () => {
    const all = [reader('doctor', 9, 9, 'me'), reader('doctor', 9, 9, 'a'), reader('doctor', 9, 7, 'b')];
    expect(receiptOf(message(7), all, { accountId: 'me', side: 'doctor' })).toEqual({ kind: 'read', by: 2 });
  });
});

it('marks the words searched for, in any case and in Hindi', () => {
  expect(marked('Fever and FEVER', 'fever')).toEqual([
    ['Fever', true],
    [' and ', false],
    ['FEVER', true],
  ]);
  expect(marked('पेट में दर्द', 'में')).toEqual([
    ['पेट ', false],
    ['में', true],
    [' दर्द', false],
  ]);
  expect(marked('.*', '')).toEqual([['.*', false]]);
});

it('lets a text be changed for a quarter of an hour', () => {
  expect(editable(message(1), 1_000 + 60_000)).toBe(true);
  expect(editable(message(1), 1_000 + 15 * 60_000)).toBe(false);
  expect(editable({ ...message(1), deletedAt: 5 }, 2_000)).toBe(false);
});
