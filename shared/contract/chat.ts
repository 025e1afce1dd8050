import { z } from 'zod';
import { limits } from '../limits.ts';
import { roles } from '../permissions.ts';
import { chatEvent, chatMessage, chatState, threadSide } from '../state/chat.ts';
import { id, instant, line, text } from './common.ts';
import { operation, stream, view } from './define.ts';

/**
 * - `visit`: the doctor of a place and who acts for its patient; its id is the entry's.
 * - `waiting`: who acts for the patient of a place, the clinic's reception, and the doctor.
 * - `direct`: a doctor and a patient who has or had a place with them.
 * - `staff`: everybody who works at a clinic.
 */
export const threadKind = z.enum(['visit', 'waiting', 'direct', 'staff']);
export type ThreadKind = z.infer<typeof threadKind>;

/** A thread as one of its people sees it. */
export const threadView = z.object({
  id,
  kind: threadKind,
  /** For whom the asking actor speaks here. */
  side: threadSide,
  entryId: id.nullable(),
  clinicId: id,
  clinicName: z.string(),
  patientName: z.string().nullable(),
  doctorName: z.string().nullable(),
  /** Of the newest message. */
  lastAt: instant.nullable(),
  last: z
    .object({
      author: id,
      side: threadSide.nullable(),
      text: z.string(),
      deleted: z.boolean(),
      /** Whom it was about was erased. */
      erased: z.literal(true).optional(),
      files: z.int(),
    })
    .nullable(),
  unread: z.int().nonnegative(),
});
export type ThreadView = z.infer<typeof threadView>;

/** Who may stand behind an author's id. A patient is told of everybody but the reception. */
export const threadPerson = z.object({ accountId: id, side: threadSide, name: z.string() });
export type ThreadPerson = z.infer<typeof threadPerson>;

/** How far the others of a thread are: one line per side, in the staff channel one per person. */
export const receiptsState = z.object({
  readers: z.array(
    z.object({
      side: threadSide,
      accountId: id.nullable(),
      deliveredSeq: z.int().nonnegative(),
      readSeq: z.int().nonnegative(),
    }),
  ),
});
export type ReceiptsState = z.infer<typeof receiptsState>;

export const unreadState = z.object({
  total: z.int().nonnegative(),
  threads: z.record(z.string(), z.int().positive()),
});
export type UnreadState = z.infer<typeof unreadState>;

export const typingState = z.object({ people: z.array(z.object({ accountId: id, side: threadSide })) });
export type TypingState = z.infer<typeof typingState>;

const everyone = [...roles];
const ofMessage = { threadId: id, messageId: id };
const upTo = z.strictObject({ threadId: id, seq: z.int().positive() });

export const chatOperations = {
  'chat.open': operation({
    kind: 'command',
    summary: 'The thread of an entry (visit, waiting, direct) or of a clinic’s staff; made when it is not there yet.',
    input: z.strictObject({ kind: threadKind, entryId: id.optional(), clinicId: id.optional() }),
    output: z.object({ threadId: id }),
    roles: everyone,
    rate: 'write',
    audited: true,
    once: 'harmless',
  }),
  'chat.thread': operation({
    kind: 'query',
    summary: 'One thread and the people in it.',
    input: z.strictObject({ threadId: id }),
    output: z.object({ thread: threadView, people: z.array(threadPerson) }),
    roles: everyone,
    rate: 'read',
    audited: true,
  }),
  'chat.threads': operation({
    kind: 'query',
    summary: 'The actor’s threads that hold messages, newest first; a clinic’s staff channel always.',
    input: z.strictObject({ before: instant.optional() }),
    output: z.object({ threads: z.array(threadView), more: z.boolean() }),
    roles: everyone,
    rate: 'read',
    audited: true,
  }),
  'chat.send': operation({
    kind: 'command',
    summary: 'Post to a thread: a text, files uploaded before, or both. The request id makes a repeated send harmless.',
    input: z.strictObject({
      threadId: id,
      text: text(limits.chatTextChars, 0),
      attachments: z.array(id).max(limits.attachmentsPerMessage).default([]),
    }),
    output: z.object({ messageId: id, seq: z.int().positive() }),
    roles: everyone,
    rate: 'chat',
    sensitive: true,
    once: 'stream',
  }),
  'chat.edit': operation({
    kind: 'command',
    summary: 'Change the text of one’s own message within 15 minutes. What it said before stays in the log only.',
    input: z.strictObject({ ...ofMessage, text: text(limits.chatTextChars) }),
    output: z.object({ seq: z.int().positive() }),
    roles: everyone,
    rate: 'chat',
    sensitive: true,
    once: 'stream',
  }),
  'chat.delete': operation({
    kind: 'command',
    summary: 'Take one’s own message back. Nobody is shown it any more; that there was one stays visible.',
    input: z.strictObject(ofMessage),
    output: z.object({ seq: z.int().positive() }),
    roles: everyone,
    rate: 'chat',
    once: 'stream',
  }),
  'chat.history': operation({
    kind: 'query',
    summary: 'A page of older messages, oldest first.',
    input: z.strictObject({ threadId: id, before: z.int().positive() }),
    output: z.object({ messages: z.array(chatMessage), more: z.boolean() }),
    roles: everyone,
    rate: 'read',
    audited: true,
  }),
  'chat.search': operation({
    kind: 'query',
    summary: 'Messages of a thread that hold the words, newest first. `next` goes on further back; null at the start.',
    input: z.strictObject({ threadId: id, text: line(limits.searchChars), before: z.int().positive().optional() }),
    output: z.object({ messages: z.array(chatMessage), next: z.int().positive().nullable() }),
    roles: everyone,
    rate: 'chat',
    sensitive: true,
    audited: true,
  }),
  'chat.read': operation({
    kind: 'command',
    summary: 'The actor has seen the thread up to here.',
    input: upTo,
    output: z.object({}),
    roles: everyone,
    rate: 'write',
    once: 'harmless',
  }),
  'chat.delivered': operation({
    kind: 'command',
    summary: 'The thread has reached a device of the actor up to here.',
    input: upTo,
    output: z.object({}),
    roles: everyone,
    rate: 'write',
    once: 'harmless',
  }),
  'chat.typing': operation({
    kind: 'command',
    summary: 'The actor is writing; holds for five seconds and is stored nowhere.',
    input: z.strictObject({ threadId: id }),
    output: z.object({}),
    roles: everyone,
    rate: 'typing',
    once: 'harmless',
  }),
};

export const chatChannels = {
  chat: stream({
    summary: 'A chat thread. Key: its id; that of a visit’s thread is the entry’s.',
    roles: everyone,
    key: id,
    snapshot: chatState,
    event: chatEvent,
  }),
  receipts: view({
    summary: 'How far a thread was delivered and read.',
    roles: everyone,
    key: id,
    state: receiptsState,
  }),
  typing: view({ summary: 'Who writes in a thread right now.', roles: everyone, key: id, state: typingState }),
  unread: view({
    summary: 'Unread messages per thread, the same on all devices. Key: one’s own account.',
    roles: everyone,
    key: id,
    state: unreadState,
  }),
};
