import { z } from 'zod';
import type { Files } from '../files/Files.ts';
import type { Effects } from '../store/Effects.ts';
import type { Threads } from './Threads.ts';

const posted = z.object({ messageId: z.string(), attachments: z.unknown().optional() });

/** What follows from a message: its thread is the newest, and its files are kept. */
export function registerChatEffects(effects: Effects, { threads, files }: { threads: Threads; files: Files }): void {
  effects.on('chat.posted', async ({ event }) => {
    const threadId = event.stream.slice(event.stream.indexOf(':') + 1);
    await threads.touched(threadId, event.seq, event.at);
    const { messageId, attachments } = posted.parse(event.data);
    if (attachments !== undefined) await files.attached(messageId);
  });
}
