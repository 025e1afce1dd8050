import { actorOf, type HandlersOf } from '../hub/context.ts';
import type { Erasures } from './service.ts';

export function erasureHandlers(erasures: Erasures): HandlersOf<'erasure'> {
  return {
    'erasure.find': (context, input) => erasures.find(actorOf(context), input),
    'erasure.erase': (context, input) => erasures.erase(actorOf(context), input),
    'erasure.list': (context, input) => erasures.list(actorOf(context), input),
  };
}
