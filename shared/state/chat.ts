import { z } from 'zod';
import { id, instant } from '../contract/common.ts';
import { limits } from '../limits.ts';

/** A chat thread: its events and the page of it that a client holds. Paged: a snapshot is the last page and the head. */

/** Whom somebody in a thread speaks for. */
export const threadSide = z.enum(['patient', 'doctor', 'staff']);
export type ThreadSide = z.infer<typeof threadSide>;

/** What may be sent along: what every browser shows and nothing that runs. */
export const fileType = z.enum(['image/jpeg', 'image/png', 'image/webp', 'application/pdf', 'text/plain']);
export type FileType = z.infer<typeof fileType>;

/** A file as a message shows it. Its content is fetched apart, with one's own access. */
export const attachment = z.object({
  id,
  name: z.string().max(limits.fileNameChars),
  type: fileType,
  bytes: z.int().nonnegative(),
  thumbnail: z.boolean(),
  /** Of a picture, upright, pixels. */
  width: z.int().positive().optional(),
  height: z.int().positive().optional(),
});
export type Attachment = z.infer<typeof attachment>;

export const chatMessage = z.object({
  id,
  seq: z.int().positive(),
  at: instant,
  author: id,
  /** Whom the author spoke for; absent in messages of the first days. */
  side: threadSide.optional(),
  text: z.string(),
  attachments: z.array(attachment).optional(),
  /** When the author last changed it. */
  editedAt: instant.optional(),
  /** When the author took it back: text and attachments are gone from here. */
  deletedAt: instant.optional(),
  /** Whom it was about was erased: nobody can read it any more. */
  erased: z.literal(true).optional(),
});
export type ChatMessage = z.infer<typeof chatMessage>;

export const chatState = z.object({
  /** Oldest first; at most a page more than was asked for. */
  messages: z.array(chatMessage),
  /** True when older messages exist before the first one here. */
  more: z.boolean(),
});
export type ChatState = z.infer<typeof chatState>;

const body = z.string().max(limits.chatTextChars);
const head = { seq: z.int().positive(), at: instant, v: z.literal(1) };
export const chatEvent = z.discriminatedUnion('type', [
  z.object({
    ...head,
    type: z.literal('posted'),
    data: z.object({
      messageId: id,
      author: id,
      side: threadSide.optional(),
      text: body,
      attachments: z.array(attachment).max(limits.attachmentsPerMessage).optional(),
      erased: z.literal(true).optional(),
    }),
  }),
  z.object({ ...head, type: z.literal('edited'), data: z.object({ messageId: id, text: body }) }),
  z.object({ ...head, type: z.literal('deleted'), data: z.object({ messageId: id }) }),
]);
export type ChatEvent = z.infer<typeof chatEvent>;
export type ChatEventBody = Pick<ChatEvent, 'type' | 'data'>;

export const emptyChat: ChatState = { messages: [], more: false };

/** The messages after one event; the same array when it changes none of them: what it is about may be on an older page. Pure. */
export function applyToMessages(messages: readonly ChatMessage[], event: ChatEvent): readonly ChatMessage[] {
  if (event.type === 'posted') {
    const { messageId, author, side, text, attachments, erased } = event.data;
    const message = { id: messageId, seq: event.seq, at: event.at, author, text };
    const more = { ...(side ? { side } : {}), ...(attachments ? { attachments } : {}), ...(erased ? { erased } : {}) };
    return [...messages, { ...message, ...more }];
  }
  const found = messages.find((one) => one.id === event.data.messageId);
  // What was taken back stays so, whatever comes late.
  if (!found || found.deletedAt !== undefined) return messages;
  const { attachments: _gone, editedAt: _was, ...bare } = found;
  const next =
    event.type === 'edited'
      ? { ...found, text: event.data.text, editedAt: event.at }
      : { ...bare, text: '', deletedAt: event.at };
  return messages.map((one) => (one === found ? next : one));
}

/** The thread after one event. Pure. Keeps everything it has seen; {@link chatPageOf} cuts a page. */
export function reduceChat(state: ChatState, event: ChatEvent): ChatState {
  const messages = applyToMessages(state.messages, event);
  return messages === state.messages ? state : { ...state, messages: [...messages] };
}

/** The newest `limits.chatPage` messages, and whether there are older ones: what a snapshot holds. */
export function chatPageOf(state: ChatState): ChatState {
  if (state.messages.length <= limits.chatPage) return state;
  return { messages: state.messages.slice(-limits.chatPage), more: true };
}
