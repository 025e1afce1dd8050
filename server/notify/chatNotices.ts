import { z } from 'zod';
import type { ChatEvent, ChatState } from '../../shared/state/chat.ts';
import { noticeTag } from '../../shared/state/notices.ts';
import type { Effects } from '../store/Effects.ts';
import type { StreamsOf } from '../store/streams/index.ts';
import type { Notifier } from './Notifier.ts';

const effectKind = 'notify.chat';
/** Who writes several lines at once makes a telephone ring once, ms: the line that stands unread tells of them all. */
const volleyMs = 10_000;

/** The chat threads, with the telling of who is not here stored in each message's event. */
export function tellingChats(chats: StreamsOf<ChatState, ChatEvent>): StreamsOf<ChatState, ChatEvent> {
  return {
    ...chats,
    command: (key, command, decide) =>
      chats.command(key, command, (state, at) => {
        const decision = decide(state, at);
        if (decision.type !== 'posted') return decision;
        return { ...decision, effects: [...(decision.effects ?? []), { kind: effectKind, data: {} }] };
      }),
  };
}

const posted = z.object({ author: z.string() });

export interface ChatNoticeDeps {
  readonly notifier: Notifier;
  readonly recipientsOf: (threadId: string, author: string) => Promise<readonly string[]>;
  /** Whether the account looks at a page of ours now: then the thread's own counter tells. */
  readonly isHere: (accountId: string) => boolean;
}

/** Tells those a message is for and who are not here; one line per thread while it is unread, a volley once. */
export function registerChatNotices(effects: Effects, { notifier, recipientsOf, isHere }: ChatNoticeDeps): void {
  effects.on(effectKind, async ({ event }) => {
    const threadId = event.stream.slice(event.stream.indexOf(':') + 1);
    for (const accountId of await recipientsOf(threadId, posted.parse(event.data).author)) {
      if (isHere(accountId)) continue;
      const notice = { kind: 'chat.message', threadId } as const;
      const told = await notifier.standsSince(accountId, noticeTag(notice));
      if (told !== null && event.at - told < volleyMs) continue;
      await notifier.notify({ accountId, cause: event._id, notice });
    }
  });
}
