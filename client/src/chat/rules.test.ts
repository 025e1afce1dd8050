import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChatMessage } from '../../../shared/state/chat.ts';
import { linesOf, mergeMessages, recognise, stillOutgoing, type Outgoing } from './rules.ts';

const message = (seq: number, author = 'me', text = `text ${seq}`, at = seq * 1_000): ChatMessage => ({
  id: `m${seq}`,
  seq,
  at,
  author,
  text,
});
const out = (id: string, text: string, messageId: string | null = null): Outgoing => ({
  id,
  text,
  at: 0,
  state: 'sending',
  messageId,
  code: null,
  unanswered: false,
});
const range = (from: number, to: number): ChatMessage[] =>
  Array.from({ length: to - from + 1 }, (_, i) => message(from + i));

describe('mergeMessages', () => {
  it('joins overlapping pages in order, each message once', () => {
    fc.assert(
      fc.property(fc.nat(30), fc.nat(30), fc.nat(30), (a, b, c) => {
        const [from, middle, to] = [a, a + b, a + b + c];
        const merged = mergeMessages(range(from, middle + 3), range(Math.max(from, middle - 2), to + 3));
        expect(merged.map((one) => one.seq)).toEqual(range(from, to + 3).map((one) => one.seq));
      }),
    );
  });

  it('drops older pages that do not reach what came after a restart of the stream', () => {
    expect(mergeMessages(range(1, 10), range(80, 90)).map((one) => one.seq)).toEqual(
      range(80, 90).map((one) => one.seq),
    );
    expect(mergeMessages([], [])).toEqual([]);
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
  it('puts what one author says within five minutes together, and starts anew with the day', () => {
    const minute = 60_000;
    const messages = [
      message(1, 'a', '1', 0),
      message(2, 'a', '2', minute),
      message(3, 'b', '3', 2 * minute),
      message(4, 'b', '4', 8 * minute),
      message(5, 'b', '5', 9 * minute),
    ];
    const lines = linesOf(messages, 'b', (at) => (at < 9 * minute ? 'mon' : 'tue'));
    expect(lines.map(({ mine, first, last, newDay }) => [mine, first, last, newDay])).toEqual([
      [false, true, false, true],
      [false, false, true, false],
      [true, true, true, false],
      [true, true, true, false],
      [true, true, true, true],
    ]);
  });
});
