import type { Db } from 'mongodb';
import type { ChatEvent, ChatState } from '../../shared/state/chat.ts';
import { Files } from '../files/Files.ts';
import type { News } from '../hub/news.ts';
import type { Publisher } from '../hub/publish.ts';
import type { PatientKeys } from '../keys/PatientKeys.ts';
import type { Effects } from '../store/Effects.ts';
import type { Repos } from '../store/Repos.ts';
import type { StreamsOf } from '../store/streams/index.ts';
import type { Logger } from '../support/logger.ts';
import { ChatFeed } from './ChatFeed.ts';
import { registerChatEffects } from './effects.ts';
import { Messages } from './Messages.ts';
import { chatHandlers } from './operations.ts';
import { chatSubject } from './subject.ts';
import { Receipts } from './Receipts.ts';
import { ChatService } from './service.ts';
import { Threads } from './Threads.ts';

/** Chat with all its parts, as the hub needs it. */
export function buildChat(deps: {
  readonly db: Db;
  readonly keys: PatientKeys;
  readonly repos: Repos;
  readonly chats: StreamsOf<ChatState, ChatEvent>;
  readonly publisher: Publisher;
  readonly news: News;
  readonly effects: Effects;
  readonly log: Logger;
  readonly now: () => number;
  readonly intervalMs: number;
}) {
  const receipts = new Receipts(deps);
  const messages = new Messages(deps.chats);
  const threads = new Threads({ ...deps, receipts });
  const files = new Files({ ...deps, messages, subjectOf: chatSubject(deps.repos) });
  const feed = new ChatFeed({ ...deps, receipts });
  const service = new ChatService({ ...deps, threads, messages, receipts, files, feed });
  registerChatEffects(deps.effects, { threads, files });
  return { threads, files, feed, handlers: chatHandlers(service, threads) };
}
