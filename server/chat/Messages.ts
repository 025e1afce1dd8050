import { limits } from '../../shared/limits.ts';
import { emptyChat, reduceChat, type ChatEvent, type ChatMessage, type ChatState } from '../../shared/state/chat.ts';
import type { StreamsOf } from '../store/streams/index.ts';
import { folded } from './rules.ts';

const found = 20;
const batch = 500;
/** So many events one search looks through before it says where to go on. */
const scanned = 2_000;

/** Reads messages of a thread out of its log, as they are now: edits and withdrawals applied wherever they stand. */
export class Messages {
  readonly #chats: StreamsOf<ChatState, ChatEvent>;

  constructor(chats: StreamsOf<ChatState, ChatEvent>) {
    this.#chats = chats;
  }

  /** The page before `seq`, oldest first. */
  async before(threadId: string, seq: number): Promise<{ messages: ChatMessage[]; more: boolean }> {
    const posts = await this.#chats.before(threadId, seq, limits.chatPage, ['posted']);
    // A thread begins with a message, so anything before the first one here is one more.
    return { messages: await this.#current(threadId, posts), more: (posts[0]?.seq ?? 1) > 1 };
  }

  async one(threadId: string, messageId: string): Promise<ChatMessage | null> {
    const events = await this.#chats.naming(threadId, 'messageId', [messageId]);
    return events.reduce(reduceChat, emptyChat).messages[0] ?? null;
  }

  /** Newest first. Looks through the texts here: stored ones may be encrypted, and no database knows Hindi better. */
  async search(
    threadId: string,
    text: string,
    from: number | undefined,
  ): Promise<{ messages: ChatMessage[]; next: number | null }> {
    const wanted = folded(text);
    const messages: ChatMessage[] = [];
    let before = from ?? (await this.#chats.load(threadId)).seq + 1;
    for (let looked = 0; looked < scanned && before > 1; looked += batch) {
      const events = await this.#chats.before(threadId, before, batch);
      const posts = events.filter((event) => event.type === 'posted');
      const current = await this.#current(threadId, posts);
      for (const message of current.reverse()) {
        if (message.deletedAt !== undefined || !folded(message.text).includes(wanted)) continue;
        messages.push(message);
        if (messages.length >= found) return { messages, next: message.seq > 1 ? message.seq : null };
      }
      before = events[0]?.seq ?? 1;
    }
    return { messages, next: before > 1 ? before : null };
  }

  async #current(threadId: string, posts: readonly ChatEvent[]): Promise<ChatMessage[]> {
    const ids = posts.map((event) => event.data.messageId);
    const later = await this.#chats.naming(threadId, 'messageId', ids);
    const amendments = later.filter((event) => event.type !== 'posted');
    return [...posts, ...amendments].reduce(reduceChat, emptyChat).messages;
  }
}
