import type { FreshProof } from '../accounts/FreshProof.ts';
import { actorOf, type HandlersOf } from '../hub/context.ts';
import type { Erasures } from './service.ts';

export function erasureHandlers(erasures: Erasures, fresh: FreshProof): HandlersOf<'erasure'> {
  return {
    'erasure.find': (context, input) => erasures.find(actorOf(context), input),
    'erasure.erase': async (context, input) => erasures.erase(await fresh.of(context, input), input),
    'erasure.list': (context, input) => erasures.list(actorOf(context), input),
  };
}
