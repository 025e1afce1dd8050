import { z } from 'zod';
import { limits } from '../limits.ts';
import { chatEvent, chatMessage, chatState } from '../state/chat.ts';
import { id, text } from './common.ts';
import { operation, stream } from './define.ts';

export const chatOperations = {
  'chat.send': operation({
    kind: 'command',
    summary: 'Post to a thread. The request id makes a repeated send harmless.',
    input: z.strictObject({ threadId: id, text: text(limits.chatTextChars) }),
    output: z.object({ messageId: id, seq: z.int().positive() }),
    roles: ['patient', 'doctor'],
    rate: 'chat',
    sensitive: true,
    once: 'stream',
  }),
  'chat.history': operation({
    kind: 'query',
    summary: 'A page of older messages, oldest first.',
    input: z.strictObject({ threadId: id, before: z.int().positive() }),
    output: z.object({ messages: z.array(chatMessage), more: z.boolean() }),
    roles: ['patient', 'doctor'],
    rate: 'read',
    audited: true,
  }),
};

export const chatChannels = {
  chat: stream({
    summary: 'A chat thread. Key: the entry id it belongs to.',
    roles: ['patient', 'doctor'],
    key: id,
    snapshot: chatState,
    event: chatEvent,
  }),
};
