import type { ReceiptsState } from '../../../shared/contract/chat.ts';
import { limits } from '../../../shared/limits.ts';
import type { Attachment, ChatMessage, ThreadSide } from '../../../shared/state/chat.ts';

/** A message of ours on its way. `id` is the request id: a retry uses it again, so the thread gets it once. */
export interface Outgoing {
  readonly id: string;
  readonly threadId: string;
  readonly text: string;
  readonly attachments: readonly Attachment[];
  /** When it was sent off, ms. */
  readonly at: number;
  readonly state: 'waiting' | 'sending' | 'sent' | 'failed';
  /** Known from the reply, or recognised in the stream before the reply came. */
  readonly messageId: string | null;
  /** Why it failed. */
  readonly code: string | null;
}

/** Pages loaded of what is older than the stream's own messages, and up to where they reach. */
export interface Older {
  readonly messages: readonly ChatMessage[];
  /** They are all that is before this seq, back to the first of them. */
  readonly before: number;
}

/**
 * All messages known, oldest first. Older pages count only while they reach what the stream holds: it may have started over from a later
 * page, and a hole must never look like a conversation.
 */
export function joined(older: Older | null, live: readonly ChatMessage[]): readonly ChatMessage[] {
  const first = live[0];
  if (!older || (first && first.seq > older.before)) return live;
  return [...older.messages.filter((message) => !first || message.seq < first.seq), ...live];
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
    if (found) result[index] = { ...found, messageId: message.id };
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
  /** What came while nobody looked begins here. */
  readonly newHere: boolean;
}

const runMs = 5 * 60_000;

/**
 * The messages as they are drawn: runs of one author within five minutes belong together. `dayOf` names a moment's calendar day; `newFrom` is
 * the id of the first unseen message.
 */
export function linesOf(
  messages: readonly ChatMessage[],
  me: string,
  dayOf: (at: number) => string,
  newFrom: string | null = null,
): Line[] {
  const joins = (a: ChatMessage | undefined, b: ChatMessage | undefined): boolean =>
    a !== undefined &&
    b !== undefined &&
    a.author === b.author &&
    b.id !== newFrom &&
    b.at - a.at < runMs &&
    dayOf(a.at) === dayOf(b.at);
  return messages.map((message, i) => {
    const before = messages[i - 1];
    return {
      message,
      mine: message.author === me,
      first: !joins(before, message),
      last: !joins(message, messages[i + 1]),
      newDay: before === undefined || dayOf(before.at) !== dayOf(message.at),
      newHere: message.id === newFrom,
    };
  });
}

/** The first of the `unread` newest messages of others, or null. */
export function firstUnread(messages: readonly ChatMessage[], me: string, unread: number): string | null {
  let left = unread;
  for (let i = messages.length - 1; i >= 0 && left > 0; i--) {
    const message = messages[i];
    if (!message || message.author === me) break;
    if (message.deletedAt === undefined) left -= 1;
    if (left === 0) return message.id;
  }
  return null;
}

export type Receipt = { readonly kind: 'sent' | 'delivered' } | { readonly kind: 'read'; readonly by: number };

/** How far the others are with one of our messages. In the staff channel `by` counts people; elsewhere one other side is enough. */
export function receiptOf(
  message: ChatMessage,
  readers: ReceiptsState['readers'],
  me: { readonly accountId: string; readonly side: ThreadSide },
): Receipt {
  const others = readers.filter((one) =>
    one.accountId === null ? one.side !== me.side : one.accountId !== me.accountId,
  );
  const read = others.filter((one) => one.readSeq >= message.seq).length;
  if (read > 0) return { kind: 'read', by: read };
  return { kind: others.some((one) => one.deliveredSeq >= message.seq) ? 'delivered' : 'sent' };
}

/** Whether its author may still change the words of a message. */
export function editable(message: ChatMessage, now: number): boolean {
  return message.deletedAt === undefined && message.text !== '' && now - message.at < limits.chatEditMs - 5_000;
}

/** A text cut where the words searched for stand, without regard to case: `[text, hit]` parts in order. */
export function marked(text: string, search: string): [part: string, hit: boolean][] {
  const wanted = search.normalize('NFC').toLowerCase();
  const folded = text.toLowerCase();
  // Some letters change their length with their case; then nothing is marked rather than the wrong thing.
  if (wanted === '' || folded.length !== text.length) return [[text, false]];
  const parts: [string, boolean][] = [];
  let at = 0;
  for (let hit = folded.indexOf(wanted); hit >= 0; hit = folded.indexOf(wanted, at)) {
    if (hit > at) parts.push([text.slice(at, hit), false]);
    parts.push([text.slice(hit, hit + wanted.length), true]);
    at = hit + wanted.length;
  }
  if (at < text.length) parts.push([text.slice(at), false]);
  return parts;
}

/** `340 KB`, `2.1 MB`. */
export function sizeText(bytes: number): string {
  if (bytes < 1_000_000) return `${Math.max(1, Math.round(bytes / 1_000))} KB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
