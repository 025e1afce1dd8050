import type { ChatMessage } from '../../../shared/state/chat.ts';

/** A message of ours on its way. `id` is the request id: a retry uses it again, so the thread gets it once. */
export interface Outgoing {
  readonly id: string;
  readonly text: string;
  /** When it was sent off, ms. */
  readonly at: number;
  readonly state: 'sending' | 'sent' | 'failed';
  /** Known from the reply, or recognised in the stream before the reply came. */
  readonly messageId: string | null;
  /** Why it failed. */
  readonly code: string | null;
  /** It failed without an answer, so it is sent again by itself when the connection is back. */
  readonly unanswered: boolean;
}

/**
 * All messages known, oldest first, once each: older pages, then what the stream holds. Only the unbroken run up to the newest is kept,
 * so that a hole (the stream started over from a later page) never looks like a conversation.
 */
export function mergeMessages(older: readonly ChatMessage[], live: readonly ChatMessage[]): ChatMessage[] {
  const bySeq = new Map<number, ChatMessage>();
  for (const message of [...older, ...live]) bySeq.set(message.seq, message);
  const all = [...bySeq.values()].sort((a, b) => a.seq - b.seq);
  let start = Math.max(0, all.length - 1);
  while (start > 0 && all[start - 1]?.seq === (all[start]?.seq ?? 0) - 1) start--;
  return all.slice(start);
}

/** What is still to be shown as on its way: those the thread does not hold yet. */
export function stillOutgoing(outgoing: readonly Outgoing[], messages: readonly ChatMessage[]): Outgoing[] {
  const there = new Set(messages.map((message) => message.id));
  return outgoing.filter((one) => one.messageId === null || !there.has(one.messageId));
}

/**
 * The stream may show a message of ours before the reply to `chat.send` names it: take the oldest unanswered one with the same words for it,
 * so that it does not stand there twice for a moment.
 */
export function recognise(
  outgoing: readonly Outgoing[],
  fresh: readonly Pick<ChatMessage, 'id' | 'author' | 'text'>[],
  me: string,
): Outgoing[] {
  const result = [...outgoing];
  for (const message of fresh) {
    if (message.author !== me || result.some((one) => one.messageId === message.id)) continue;
    const index = result.findIndex((one) => one.messageId === null && one.text === message.text);
    const found = result[index];
    if (found) result[index] = { ...found, state: 'sent', messageId: message.id };
  }
  return result;
}

export interface Line {
  readonly message: ChatMessage;
  readonly mine: boolean;
  /** First of a run by the same author: gets the name. */
  readonly first: boolean;
  /** Last of a run: gets the time. */
  readonly last: boolean;
  /** A new day begins here. */
  readonly newDay: boolean;
}

const runMs = 5 * 60_000;

/** The messages as they are drawn: runs of one author within five minutes belong together. `dayOf` names a moment's calendar day. */
export function linesOf(messages: readonly ChatMessage[], me: string, dayOf: (at: number) => string): Line[] {
  const joins = (a: ChatMessage | undefined, b: ChatMessage | undefined): boolean =>
    a !== undefined && b !== undefined && a.author === b.author && b.at - a.at < runMs && dayOf(a.at) === dayOf(b.at);
  return messages.map((message, i) => {
    const before = messages[i - 1];
    return {
      message,
      mine: message.author === me,
      first: !joins(before, message),
      last: !joins(message, messages[i + 1]),
      newDay: before === undefined || dayOf(before.at) !== dayOf(message.at),
    };
  });
}
