import { z } from 'zod';
import { id, instant } from '../contract/common.ts';
import { limits } from '../limits.ts';

/** A chat thread: its events and the page of it that a client holds. Paged: a snapshot is the last page and the head. */
export const chatMessage = z.object({
  id,
  seq: z.int().positive(),
  at: instant,
  author: id,
  text: z.string(),
});
export type ChatMessage = z.infer<typeof chatMessage>;

export const chatState = z.object({
  /** Oldest first; at most a page more than was asked for. */
  messages: z.array(chatMessage),
  /** True when older messages exist before the first one here. */
  more: z.boolean(),
});
export type ChatState = z.infer<typeof chatState>;

export const chatEvent = z.discriminatedUnion('type', [
  z.object({
    seq: z.int().positive(),
    at: instant,
    v: z.literal(1),
    type: z.literal('posted'),
    data: z.object({ messageId: id, author: id, text: z.string().max(limits.chatTextChars) }),
  }),
]);
export type ChatEvent = z.infer<typeof chatEvent>;
export type ChatEventBody = Pick<ChatEvent, 'type' | 'data'>;

export const emptyChat: ChatState = { messages: [], more: false };

/** The thread after one event. Pure. Keeps everything it has seen; {@link chatPageOf} cuts a page. */
export function reduceChat(state: ChatState, event: ChatEvent): ChatState {
  const { messageId, author, text } = event.data;
  return { ...state, messages: [...state.messages, { id: messageId, seq: event.seq, at: event.at, author, text }] };
}

/** The newest `limits.chatPage` messages, and whether there are older ones: what a snapshot holds. */
export function chatPageOf(state: ChatState): ChatState {
  if (state.messages.length <= limits.chatPage) return state;
  return { messages: state.messages.slice(-limits.chatPage), more: true };
}
