import type { ViewName, ViewState } from '../../shared/contract/index.ts';
import type { Revision } from '../../shared/contract/wire.ts';
import { chatPageOf, chatState, type ChatEvent, type ChatState } from '../../shared/state/chat.ts';
import type { ChannelSource, ChannelSources } from '../hub/channels.ts';
import type { News } from '../hub/news.ts';
import type { Publisher } from '../hub/publish.ts';
import { streamStart } from '../hub/streamStart.ts';
import type { Repos } from '../store/Repos.ts';
import type { CommitNotice, StreamsOf } from '../store/streams/index.ts';
import { findThread, participantsOf } from '../store/threads.ts';
import type { Logger } from '../support/logger.ts';
import type { Receipts } from './Receipts.ts';
import { presented } from './rules.ts';
import { Typing } from './Typing.ts';

export interface ChatFeedDeps {
  readonly chats: StreamsOf<ChatState, ChatEvent>;
  readonly receipts: Receipts;
  readonly repos: Repos;
  readonly publisher: Publisher;
  readonly news: News;
  readonly log: Logger;
  readonly now: () => number;
  /** How often other hubs' receipts are looked for, ms: the net under the bus. */
  readonly intervalMs: number;
}

/** Clocks of hubs may differ by this much, ms. */
const overlapMs = 60_000;
/** Changes this close together make one round of counts, ms. */
const settleMs = 40;
/** A thread's own note of its newest message is certainly written after this, ms. */
const freshMs = 10_000;

type ChatView = 'receipts' | 'typing' | 'unread';

/** Carries chat to those who look: the thread itself, how far others are, who is writing, and one's unread counts. */
export class ChatFeed {
  readonly sources: Pick<ChannelSources, 'chat' | ChatView>;
  readonly typing: Typing;
  readonly #deps: ChatFeedDeps;
  readonly #dirty = new Map<string, NodeJS.Timeout>();
  /** Threads with news: when it came, and for whom. */
  readonly #fresh = new Map<string, { readonly at: number; readonly accounts: ReadonlySet<string> }>();
  readonly #handled = new Set<string>();
  readonly #ticker: NodeJS.Timeout;
  #lookedAt: number;
  #clockAt = 0;
  #work: Promise<void> = Promise.resolve();

  constructor(deps: ChatFeedDeps) {
    this.#deps = deps;
    this.#lookedAt = deps.now();
    this.typing = new Typing((threadId) => this.#send('typing', threadId, this.typing.state(threadId)));
    deps.chats.onCommit((notice) => this.#committed(notice));
    // Counts change with threads that nobody here has open.
    deps.chats.followAll(() => deps.publisher.watchedKeys('unread').length > 0);
    deps.news.hear('receipt', ({ threadId, accountId }) => this.#receiptChanged(threadId, accountId));
    deps.news.hear('typing', ({ threadId, accountId, side }) => {
      if (deps.publisher.viewers('typing', threadId) > 0) this.typing.seen(threadId, accountId, side);
    });
    this.#ticker = setInterval(() => this.#later(() => this.#lookForReceipts()), deps.intervalMs);
    this.#ticker.unref();
    this.sources = this.#makeSources();
  }

  /** An account of this hub has got or read more of a thread: tells those who look, here and on other hubs. */
  marked(threadId: string, accountId: string): void {
    this.#deps.news.tell('receipt', { threadId, accountId });
    this.#receiptChanged(threadId, accountId);
  }

  async stop(): Promise<void> {
    clearInterval(this.#ticker);
    for (const timer of this.#dirty.values()) clearTimeout(timer);
    this.#dirty.clear();
    this.typing.stop();
    await this.#work;
  }

  #committed({ key: threadId, epoch, events, state }: CommitNotice<ChatState, ChatEvent>): void {
    const { publisher, now } = this.#deps;
    const told = events.map((event) => presented(event, state.messages));
    publisher.events('chat', threadId, epoch, told);
    for (const event of events) if (event.type === 'posted') this.typing.over(threadId, event.data.author);
    if (publisher.watchedKeys('unread').length === 0) return;
    this.#fresh.set(threadId, { at: now(), accounts: this.#fresh.get(threadId)?.accounts ?? new Set() });
    this.#settle(`thread:${threadId}`, () => this.#sendUnreadOf(threadId));
  }

  #receiptChanged(threadId: string, accountId: string): void {
    this.#settle(`receipts:${threadId}`, () => this.#sendReceipts(threadId));
    this.#settle(`unread:${accountId}`, () => this.#sendUnread(accountId));
  }

  /** Once for all changes that come within a moment. */
  #settle(key: string, step: () => Promise<void>): void {
    if (this.#dirty.has(key)) return;
    const run = (): void => {
      this.#dirty.delete(key);
      this.#later(step);
    };
    this.#dirty.set(key, setTimeout(run, settleMs));
  }

  #later(step: () => Promise<void>): void {
    this.#work = this.#work
      .then(step)
      .catch((error: unknown) => this.#deps.log.warn({ err: error }, 'a chat view was not sent; the next change will'));
  }

  async #lookForReceipts(): Promise<void> {
    const { publisher, receipts, now } = this.#deps;
    if (publisher.watchedKeys('receipts').length + publisher.watchedKeys('unread').length === 0) return;
    const from = this.#lookedAt - overlapMs;
    this.#lookedAt = now();
    if (this.#handled.size > 20_000) this.#handled.clear();
    for (const { _id, threadId, accountId, at } of await receipts.changedSince(from)) {
      const mark = `${_id}:${at}`;
      if (this.#handled.has(mark)) continue;
      this.#handled.add(mark);
      this.#receiptChanged(threadId, accountId);
    }
  }

  async #sendReceipts(threadId: string): Promise<void> {
    if (this.#deps.publisher.viewers('receipts', threadId) === 0) return;
    this.#send('receipts', threadId, await this.#deps.receipts.readers(threadId));
  }

  async #sendUnreadOf(threadId: string): Promise<void> {
    const { repos, publisher } = this.#deps;
    const thread = await findThread(repos, threadId);
    if (!thread) return;
    const accounts = new Set((await participantsOf(repos, thread)).map((one) => one.accountId));
    this.#fresh.set(threadId, { at: this.#deps.now(), accounts });
    for (const accountId of accounts) {
      if (publisher.viewers('unread', accountId) > 0) await this.#sendUnread(accountId);
    }
  }

  async #sendUnread(accountId: string): Promise<void> {
    if (this.#deps.publisher.viewers('unread', accountId) === 0) return;
    this.#send('unread', accountId, await this.#unread(accountId));
  }

  async #unread(accountId: string): Promise<ViewState<'unread'>> {
    const old = this.#deps.now() - freshMs;
    for (const [threadId, { at }] of this.#fresh) if (at < old) this.#fresh.delete(threadId);
    const fresh = [...this.#fresh].filter(([, { accounts }]) => accounts.has(accountId));
    return await this.#deps.receipts.unread(
      accountId,
      fresh.map(([threadId]) => threadId),
    );
  }

  #send<N extends ChatView>(channel: N, key: string, state: ViewState<N>): void {
    this.#deps.publisher.view(channel, key, this.#clock(), state);
  }

  /** These views have no stream behind them: their revision is time, and never twice the same. */
  #clock(): Revision {
    this.#clockAt = Math.max(this.#deps.now(), this.#clockAt + 1);
    return [0, 0, this.#clockAt];
  }

  #makeSources(): ChatFeed['sources'] {
    const { chats, receipts } = this.#deps;
    const view = <N extends ViewName>(
      authorize: ChannelSource['authorize'],
      read: (key: string) => Promise<ViewState<N>>,
    ): ChannelSource => ({
      authorize,
      // Joined first: a change between reading and joining would be lost, one sent before this state is only older.
      current: async (key, _since, join) => {
        join();
        const rev = this.#clock();
        return { kind: 'view', rev, state: await read(key) };
      },
    });
    const inThread: ChannelSource['authorize'] = async (access, threadId) => void (await access.threads.one(threadId));
    return {
      chat: {
        authorize: inThread,
        current: (threadId, since, join) =>
          streamStart(
            chats,
            threadId,
            since,
            join,
            (state) => chatState.parse(chatPageOf(state)),
            (events, state) => events.map((event) => presented(event, state.messages)),
          ),
      },
      receipts: view<'receipts'>(inThread, (threadId) => receipts.readers(threadId)),
      typing: view<'typing'>(inThread, (threadId) => Promise.resolve(this.typing.state(threadId))),
      unread: view<'unread'>(
        (access, accountId) => access.self(accountId),
        (accountId) => this.#unread(accountId),
      ),
    };
  }
}
