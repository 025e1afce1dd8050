import type { InputOf, OutputOf } from '../../shared/contract/index.ts';
import { AppError } from '../../shared/errors.ts';
import type { Attachment, ChatEvent, ChatMessage, ChatState, ThreadSide } from '../../shared/state/chat.ts';
import type { Files } from '../files/Files.ts';
import type { News } from '../hub/news.ts';
import type { Access } from '../store/Access.ts';
import type { Committed, StreamsOf } from '../store/streams/index.ts';
import { derivedId } from '../support/ids.ts';
import type { ChatFeed } from './ChatFeed.ts';
import type { Messages } from './Messages.ts';
import type { Receipts } from './Receipts.ts';
import { mayDelete, mayEdit } from './rules.ts';
import type { Threads } from './Threads.ts';

export interface ChatDeps {
  readonly chats: StreamsOf<ChatState, ChatEvent>;
  readonly threads: Threads;
  readonly messages: Messages;
  readonly receipts: Receipts;
  readonly files: Files;
  readonly feed: ChatFeed;
  readonly news: News;
  readonly now: () => number;
}

const reused = (): AppError => new AppError('REQUEST_REUSED', 'this request id was used for something else');

/** What people do in a thread: write, change and take back, read, search, be seen writing. */
export class ChatService {
  readonly #deps: ChatDeps;

  constructor(deps: ChatDeps) {
    this.#deps = deps;
  }

  /** Posts once per request id; a repeat gets the id and seq of the first. */
  async send(access: Access, requestId: string, input: InputOf<'chat.send'>): Promise<OutputOf<'chat.send'>> {
    const { threadId, text } = input;
    const { threads, files } = this.#deps;
    const { thread, side } = await access.threads.one(threadId);
    if (text === '' && input.attachments.length === 0) throw new AppError('INVALID_INPUT', 'nothing to post');
    const command = access.command(requestId, side);
    const messageId = derivedId('message', threadId, command.key);
    await threads.ensure(thread);
    const claim = { owner: access.accountId, threadId, messageId };
    const attachments = await files.claim(claim, input.attachments);
    try {
      const done = await this.#post(threadId, command, {
        messageId,
        author: access.accountId,
        side,
        text,
        attachments,
      });
      return { messageId: done.event.data.messageId, seq: done.event.seq };
    } catch (error) {
      // Nobody knows whether an unavailable log took it; a refusal is final.
      if (error instanceof AppError && error.code !== 'UNAVAILABLE') await this.#unclaim(claim, input.attachments);
      throw error;
    }
  }

  /** Changes one's own message within the time for it. */
  async edit(access: Access, requestId: string, input: InputOf<'chat.edit'>): Promise<OutputOf<'chat.edit'>> {
    const { threadId, messageId, text } = input;
    const { side } = await access.threads.one(threadId);
    const known = await this.#message(threadId, messageId);
    const command = access.command(requestId, side);
    const done = await this.#deps.chats.command(threadId, command, (state, at) => {
      mayEdit(state.messages.find((one) => one.id === messageId) ?? known, access.accountId, at);
      return { type: 'edited', data: { messageId, text } };
    });
    const { event } = done;
    if (event.type !== 'edited' || event.data.messageId !== messageId || event.data.text !== text) throw reused();
    return { seq: event.seq };
  }

  /** Takes one's own message back. A second time says the same and writes nothing. */
  async delete(access: Access, requestId: string, input: InputOf<'chat.delete'>): Promise<OutputOf<'chat.delete'>> {
    const { threadId, messageId } = input;
    const { side } = await access.threads.one(threadId);
    const known = await this.#message(threadId, messageId);
    mayDelete(known, access.accountId);
    const command = access.command(requestId, side);
    const done = await this.#deps.chats.command(threadId, command, (state) => {
      const now = state.messages.find((one) => one.id === messageId) ?? known;
      if (now.deletedAt !== undefined) throw new AppError('WRONG_STATE', 'this message is already taken back');
      return { type: 'deleted', data: { messageId } };
    });
    if (done.event.type !== 'deleted' || done.event.data.messageId !== messageId) throw reused();
    return { seq: done.event.seq };
  }

  async history(access: Access, { threadId, before }: InputOf<'chat.history'>): Promise<OutputOf<'chat.history'>> {
    await access.threads.one(threadId);
    return await this.#deps.messages.before(threadId, before);
  }

  async search(access: Access, { threadId, text, before }: InputOf<'chat.search'>): Promise<OutputOf<'chat.search'>> {
    await access.threads.one(threadId);
    return await this.#deps.messages.search(threadId, text, before);
  }

  async mark(
    access: Access,
    what: 'delivered' | 'read',
    { threadId, seq }: InputOf<'chat.read'>,
  ): Promise<Record<string, never>> {
    const { thread, side } = await access.threads.one(threadId);
    const news = await this.#deps.receipts.mark(thread, access.accountId, side, what, seq);
    if (news) this.#deps.feed.marked(threadId, access.accountId);
    return {};
  }

  async typing(access: Access, { threadId }: InputOf<'chat.typing'>): Promise<Record<string, never>> {
    const { side } = await access.threads.one(threadId);
    this.#deps.feed.typing.seen(threadId, access.accountId, side);
    this.#deps.news.tell('typing', { threadId, accountId: access.accountId, side });
    return {};
  }

  async #post(
    threadId: string,
    command: Parameters<StreamsOf<ChatState, ChatEvent>['command']>[1],
    message: { messageId: string; author: string; side: ThreadSide; text: string; attachments: readonly Attachment[] },
  ): Promise<Committed<ChatState, ChatEvent>> {
    const { attachments, ...data } = message;
    const files = attachments.length > 0 ? { attachments: [...attachments] } : {};
    const done = await this.#deps.chats.command(threadId, command, () => ({
      type: 'posted',
      data: { ...data, ...files },
      effects: [{ kind: 'chat.posted', data: {} }],
    }));
    const { event } = done;
    const same =
      event.type === 'posted' &&
      event.data.text === message.text &&
      idsOf(event.data.attachments ?? []) === idsOf(attachments);
    if (!same) throw reused();
    return done;
  }

  /** Gives files back that a refused message had claimed; not those that the first message of this id holds. */
  async #unclaim(claim: { owner: string; threadId: string; messageId: string }, ids: readonly string[]): Promise<void> {
    const first = await this.#deps.messages.one(claim.threadId, claim.messageId);
    const held = new Set(first?.attachments?.map((one) => one.id));
    await this.#deps.files.unclaim(
      claim,
      ids.filter((id) => !held.has(id)),
    );
  }

  /** @throws AppError NOT_FOUND. */
  async #message(threadId: string, messageId: string): Promise<ChatMessage> {
    const { state } = await this.#deps.chats.load(threadId);
    const found =
      state.messages.find((one) => one.id === messageId) ?? (await this.#deps.messages.one(threadId, messageId));
    if (!found) throw new AppError('NOT_FOUND', 'no such message');
    return found;
  }
}

function idsOf(attachments: readonly Attachment[]): string {
  return attachments.map((one) => one.id).join();
}
