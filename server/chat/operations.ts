import { actorOf, type HandlersOf } from '../hub/context.ts';
import type { ChatService } from './service.ts';

export function chatHandlers(service: ChatService): HandlersOf<'chat'> {
  return {
    'chat.send': (context, input) => service.send(actorOf(context), context.requestId, input),
    'chat.history': (context, input) => service.history(actorOf(context), input),
  };
}
