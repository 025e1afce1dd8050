import { actorOf, type HandlersOf } from '../hub/context.ts';
import type { ChatService } from './service.ts';
import type { Threads } from './Threads.ts';

export function chatHandlers(service: ChatService, threads: Threads): HandlersOf<'chat'> {
  return {
    'chat.open': (context, input) => threads.open(actorOf(context), input),
    'chat.thread': (context, input) => threads.one(actorOf(context), input),
    'chat.threads': (context, input) => threads.list(actorOf(context), input),
    'chat.send': (context, input) => service.send(actorOf(context), context.requestId, input),
    'chat.edit': (context, input) => service.edit(actorOf(context), context.requestId, input),
    'chat.delete': (context, input) => service.delete(actorOf(context), context.requestId, input),
    'chat.history': (context, input) => service.history(actorOf(context), input),
    'chat.search': (context, input) => service.search(actorOf(context), input),
    'chat.read': (context, input) => service.mark(actorOf(context), 'read', input),
    'chat.delivered': (context, input) => service.mark(actorOf(context), 'delivered', input),
    'chat.typing': (context, input) => service.typing(actorOf(context), input),
  };
}
