import { actorOf, type HandlersOf } from '../hub/context.ts';
import type { QueueService } from './service.ts';
import type { QueueViews } from './QueueViews.ts';

/** The queue's operations, each onto its use case. */
export function queueHandlers(service: QueueService, views: QueueViews): HandlersOf<'queue'> {
  return {
    'queue.sessions': async (context) => {
      const sessions = await actorOf(context).openSessions();
      return { sessions: await views.deskSessions(sessions.map((session) => session._id)) };
    },
    'queue.openSession': (context, input) => service.openSession(actorOf(context), context.requestId, input),
    'queue.join': (context, input) => service.join(actorOf(context), context.requestId, input),
    'queue.leave': (context, input) => service.leave(actorOf(context), context.requestId, input.entryId),
    'queue.addWalkIn': (context, input) => service.addWalkIn(actorOf(context), context.requestId, input),
    'queue.callNext': (context, input) => service.callNext(actorOf(context), context.requestId, input),
    'queue.recall': (context, input) => service.recall(actorOf(context), context.requestId, input),
    'queue.start': (context, input) => service.start(actorOf(context), context.requestId, input),
    'queue.finish': (context, input) => service.finish(actorOf(context), context.requestId, input),
    'queue.skip': (context, input) => service.skip(actorOf(context), context.requestId, input),
    'queue.cancel': (context, input) => service.cancel(actorOf(context), context.requestId, input),
    'queue.prioritise': (context, input) => service.prioritise(actorOf(context), context.requestId, input),
    'queue.history': async (context, input) => ({
      places: await views.history(await actorOf(context).ownPlaces(input.limit)),
    }),
  };
}
