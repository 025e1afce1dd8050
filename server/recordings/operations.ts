import { actorOf, type HandlersOf } from '../hub/context.ts';
import type { Consents } from './Consents.ts';
import type { Recordings } from './Recordings.ts';

export function recordingHandlers(
  consents: Consents,
  recordings: Recordings,
): HandlersOf<'consent'> & HandlersOf<'recordings'> {
  return {
    'consent.give': (context, input) => consents.give(actorOf(context), context.requestId, input),
    'consent.withdraw': (context, input) => consents.withdraw(actorOf(context), input.entryId),
    'consent.mine': (context, input) => consents.mine(actorOf(context), input.entryId),
    'recordings.list': (context, input) => recordings.list(actorOf(context), input.entryId),
  };
}
