import type { InputOf, OutputOf } from '../../shared/contract/index.ts';
import { AppError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { chatPageOf, chatState, type ChatEvent, type ChatState } from '../../shared/state/chat.ts';
import type { ChannelSource } from '../hub/channels.ts';
import type { Publisher } from '../hub/publish.ts';
import { streamStart } from '../hub/streamStart.ts';
import type { Access } from '../store/Access.ts';
import type { StreamsOf } from '../store/streams/index.ts';
import { derivedId } from '../support/ids.ts';

/** Chat threads. A thread belongs to a consultation (its id is the entry's) and is read and written by its two sides. */
export class ChatService {
  readonly source: ChannelSource;
  readonly #chats: StreamsOf<ChatState, ChatEvent>;

  constructor(deps: { readonly chats: StreamsOf<ChatState, ChatEvent>; readonly publisher: Publisher }) {
    this.#chats = deps.chats;
    deps.chats.onCommit(({ key, epoch, events }) => deps.publisher.events('chat', key, epoch, events));
    this.source = {
      authorize: async (access, threadId) => void (await access.consultation(threadId)),
      current: (threadId, since, join) =>
        streamStart(deps.chats, threadId, since, join, (state) => chatState.parse(chatPageOf(state))),
    };
  }

  /** Posts once per request id; a repeat gets the id and seq of the first. */
  async send(
    access: Access,
    requestId: string,
    { threadId, text }: InputOf<'chat.send'>,
  ): Promise<OutputOf<'chat.send'>> {
    const { side } = await access.consultation(threadId);
    const command = access.command(requestId, side);
    const messageId = derivedId('message', command.key);
    const done = await this.#chats.command(threadId, command, () => ({
      type: 'posted',
      data: { messageId, author: access.accountId, text },
    }));
    if (done.event.data.text !== text) {
      throw new AppError('REQUEST_REUSED', 'this request id was used for another message');
    }
    return { messageId: done.event.data.messageId, seq: done.event.seq };
  }

  async history(access: Access, { threadId, before }: InputOf<'chat.history'>): Promise<OutputOf<'chat.history'>> {
    await access.consultation(threadId);
    const events = await this.#chats.before(threadId, before, limits.chatPage);
    const messages = events.map(({ seq, at, data }) => ({
      id: data.messageId,
      seq,
      at,
      author: data.author,
      text: data.text,
    }));
    return { messages, more: (events[0]?.seq ?? 1) > 1 };
  }
}
