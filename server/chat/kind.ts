import { limits } from '../../shared/limits.ts';
import { chatEvent, emptyChat, reduceChat, type ChatEvent, type ChatState } from '../../shared/state/chat.ts';
import type { StreamKind } from '../store/streams/index.ts';

/** A chat thread as a stream. Versions: v1 (fixtures in `tests/fixtures/events/chat.v1.json`). */
export const chatKind: StreamKind<ChatState, ChatEvent> = {
  name: 'chat',
  event: chatEvent,
  empty: emptyChat,
  reduce: (state, event) => {
    const next = reduceChat(state, event);
    const surplus = next.messages.length - kept;
    return surplus > 0 ? { messages: next.messages.slice(surplus), more: true } : next;
  },
  upcast: (raw) => raw,
  window: limits.chatPage * 4,
  truncated: (state) => ({ ...state, more: true }),
};
const kept = limits.chatPage * 4;
