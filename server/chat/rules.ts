import type { ReceiptsState, ThreadKind } from '../../shared/contract/chat.ts';
import { AppError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import type { ChatEvent, ChatMessage, ThreadSide } from '../../shared/state/chat.ts';

/**
 * An event as it may be told once its message has become something else: nobody who comes later is sent words that were
 * taken back. Told so, the events still add up to the same state.
 */
export function presented(event: ChatEvent, messages: readonly ChatMessage[]): ChatEvent {
  if (event.type === 'deleted') return event;
  const now = messages.find((one) => one.id === event.data.messageId);
  if (!now || (now.deletedAt === undefined && now.editedAt === undefined)) return event;
  if (event.type === 'edited') return { ...event, data: { ...event.data, text: now.text } };
  const { attachments, ...data } = event.data;
  const kept = now.deletedAt === undefined && attachments ? { attachments } : {};
  return { ...event, data: { ...data, text: now.text, ...kept } };
}

/** @throws AppError when this actor may not change this message (any more). */
export function mayEdit(message: ChatMessage, accountId: string, now: number): void {
  mayDelete(message, accountId);
  if (message.deletedAt !== undefined) throw new AppError('WRONG_STATE', 'this message was taken back');
  if (message.erased) throw new AppError('ERASED', 'this message was erased');
  if (now - message.at > limits.chatEditMs) throw new AppError('EDIT_CLOSED', 'too late to change this message');
}

/** Only who wrote it; at any time. */
export function mayDelete(message: ChatMessage, accountId: string): void {
  if (message.author !== accountId) throw new AppError('FORBIDDEN', 'somebody else wrote this message');
}

/** Who counts unread messages, and from where. */
export interface Reader {
  readonly accountId: string;
  readonly side: ThreadSide;
  readonly readSeq: number;
  /** What was written before this account existed is not news to it. */
  readonly since: number;
}

/**
 * How many messages of a thread this reader has not seen; stops at one above what is told. Who has written has read up to
 * there; in a waiting room an answer of the desk settles what came before it for the whole desk.
 */
export function unreadIn(kind: ThreadKind, messages: readonly ChatMessage[], reader: Reader): number {
  let count = 0;
  for (let i = messages.length - 1; i >= 0 && count <= limits.unreadMost; i--) {
    const message = messages[i];
    if (!message || message.seq <= reader.readSeq || message.at < reader.since) break;
    if (message.author === reader.accountId) break;
    if (kind === 'waiting' && reader.side !== 'patient' && message.side !== undefined && message.side !== 'patient')
      break;
    if (message.deletedAt === undefined) count += 1;
  }
  return Math.min(count, limits.unreadMost + 1);
}

/** Where the people of a thread are, as all of them may know it: by side, in the staff channel by person. */
export function readersOf(
  kind: ThreadKind,
  receipts: readonly { accountId: string; side: ThreadSide; deliveredSeq: number; readSeq: number }[],
): ReceiptsState {
  const found = new Map<string, ReceiptsState['readers'][number]>();
  for (const { accountId, side, deliveredSeq, readSeq } of receipts) {
    const key = kind === 'staff' ? accountId : side;
    const known = found.get(key);
    found.set(key, {
      side,
      accountId: kind === 'staff' ? accountId : null,
      deliveredSeq: Math.max(known?.deliveredSeq ?? 0, deliveredSeq, readSeq),
      readSeq: Math.max(known?.readSeq ?? 0, readSeq),
    });
  }
  const readers = [...found.values()].sort((a, b) =>
    `${a.side}${a.accountId ?? ''}`.localeCompare(`${b.side}${b.accountId ?? ''}`),
  );
  return { readers };
}

/** Text as it is compared in a search: one form of each letter, no difference of case. */
export function folded(text: string): string {
  return text.normalize('NFC').toLowerCase();
}
