import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chatLogs, frozen } from '../../tests/support/histories.ts';
import { limits } from '../limits.ts';
import { chatPageOf, chatState, emptyChat, reduceChat, type ChatEvent, type ChatState } from './chat.ts';

const fold = (events: readonly ChatEvent[], from: ChatState = emptyChat): ChatState => events.reduce(reduceChat, from);

describe('the chat’s reducer', () => {
  test('a page at any cut + the events after it = the newest part of the whole', () => {
    fc.assert(
      fc.property(chatLogs, fc.nat(120), (log, cut) => {
        const page = chatState.parse(JSON.parse(JSON.stringify(chatPageOf(fold(log.slice(0, cut))))));
        const state = fold(log.slice(cut), page);
        const all = fold(log).messages;
        expect(state.messages).toEqual(all.slice(all.length - state.messages.length));
        expect(state.messages.length).toBe(Math.min(cut, log.length, limits.chatPage) + Math.max(0, log.length - cut));
        // `more` tells the truth about what is missing before the first message.
        expect(state.more).toBe(state.messages.length < all.length);
      }),
    );
  });

  test('is pure and keeps each message once, in order', () => {
    fc.assert(
      fc.property(chatLogs, (log) => {
        let state = frozen(emptyChat);
        for (const event of log) state = frozen(reduceChat(state, frozen(event)));
        expect(state.messages.map((message) => message.seq)).toEqual(log.map((event) => event.seq));
        expect(state.messages.map((message) => message.text)).toEqual(log.map((event) => event.data.text));
      }),
    );
  });
});
