import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chatLogs, frozen, uuid } from '../../tests/support/histories.ts';
import { limits } from '../limits.ts';
import {
  applyToMessages,
  chatPageOf,
  chatState,
  emptyChat,
  reduceChat,
  type ChatEvent,
  type ChatState,
} from './chat.ts';

const fold = (events: readonly ChatEvent[], from: ChatState = emptyChat): ChatState => events.reduce(reduceChat, from);

describe('[E1] the chat’s reducer', () => {
  test('a page at any cut + the events after it = the newest part of the whole, edits of what is outside included', () => {
    fc.assert(
      fc.property(chatLogs, fc.nat(160), (log, cut) => {
        const page = chatState.parse(JSON.parse(JSON.stringify(chatPageOf(fold(log.slice(0, cut))))));
        const state = fold(log.slice(cut), page);
        const all = fold(log).messages;
        expect(state.messages).toEqual(all.slice(all.length - state.messages.length));
        const before = fold(log.slice(0, cut)).messages.length;
        expect(state.messages.length).toBe(all.length - Math.max(0, before - limits.chatPage));
        // `more` tells the truth about what is missing before the first message.
        expect(state.more).toBe(state.messages.length < all.length);
      }),
    );
  });

  test('is pure and keeps each message once, in order; an older page follows the same events', () => {
    fc.assert(
      fc.property(chatLogs, fc.nat(20), (log, older) => {
        let state = frozen(emptyChat);
        for (const event of log) state = frozen(reduceChat(state, frozen(event)));
        const posts = log.filter((event) => event.type === 'posted');
        expect(state.messages.map((message) => message.seq)).toEqual(posts.map((event) => event.seq));
        const page = fold(posts.slice(0, older)).messages;
        const later = log.filter((event) => event.type !== 'posted');
        const shown = later.reduce(applyToMessages, page);
        expect(shown).toEqual(state.messages.slice(0, older));
      }),
    );
  });

  test('what was taken back holds nothing any more, whatever comes after', () => {
    const at = (seq: number) => ({ seq, at: 1_000 + seq, v: 1 as const });
    const file = { id: uuid(9), name: 'a.png', type: 'image/png', bytes: 3, thumbnail: true } as const;
    const posted = { messageId: uuid(1), author: uuid(2), text: 'secret', attachments: [file] };
    const state = fold([
      { ...at(1), type: 'posted', data: posted },
      { ...at(2), type: 'edited', data: { messageId: uuid(1), text: 'secret again' } },
      { ...at(3), type: 'deleted', data: { messageId: uuid(1) } },
      { ...at(4), type: 'edited', data: { messageId: uuid(1), text: 'secret late' } },
    ]);
    expect(state.messages).toEqual([{ id: uuid(1), seq: 1, at: 1_001, author: uuid(2), text: '', deletedAt: 1_003 }]);
  });
});
