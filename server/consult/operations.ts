import { actorOf, type HandlersOf } from '../hub/context.ts';
import type { ConsultService } from './service.ts';

export function consultHandlers(service: ConsultService): HandlersOf<'consult'> {
  return {
    'consult.join': (context, input) => service.join(actorOf(context), input.entryId),
    'consult.info': (context, input) => service.info(actorOf(context), input.entryId),
  };
}
