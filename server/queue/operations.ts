import { actorOf, type HandlersOf } from '../hub/context.ts';
import type { Arrivals } from './Arrivals.ts';
import type { Boards } from './Boards.ts';
import type { DeskCommands } from './DeskCommands.ts';
import type { QueueService } from './service.ts';
import type { QueueViews } from './QueueViews.ts';
import type { Triage } from './triage.ts';

export interface QueueUseCases {
  readonly service: QueueService;
  readonly desk: DeskCommands;
  readonly views: QueueViews;
  readonly arrivals: Arrivals;
  readonly triage: Triage;
}

/** The queue's operations, each onto its use case. */
export function queueHandlers({ service, desk, views, arrivals, triage }: QueueUseCases): HandlersOf<'queue'> {
  return {
    'queue.sessions': async (context) => {
      const sessions = await actorOf(context).openSessions();
      return { sessions: await views.deskSessions(sessions.map((session) => session._id)) };
    },
    'queue.openSession': (context, input) => service.openSession(actorOf(context), context.requestId, input),
    'queue.join': (context, input) => service.join(actorOf(context), context.requestId, input),
    'queue.leave': (context, input) => service.leave(actorOf(context), context.requestId, input.entryId),
    'queue.addWalkIn': (context, input) => service.addWalkIn(actorOf(context), context.requestId, input),
    'queue.callNext': (context, input) => desk.callNext(actorOf(context), context.requestId, input),
    'queue.call': (context, input) => desk.call(actorOf(context), context.requestId, input),
    'queue.recall': (context, input) => desk.recall(actorOf(context), context.requestId, input),
    'queue.start': (context, input) => desk.start(actorOf(context), context.requestId, input),
    'queue.finish': (context, input) => desk.finish(actorOf(context), context.requestId, input),
    'queue.skip': (context, input) => desk.skip(actorOf(context), context.requestId, input),
    'queue.noShow': (context, input) => desk.noShow(actorOf(context), context.requestId, input),
    'queue.hold': (context, input) => desk.hold(actorOf(context), context.requestId, input),
    'queue.resume': (context, input) => desk.resume(actorOf(context), context.requestId, input),
    'queue.requeue': (context, input) => desk.requeue(actorOf(context), context.requestId, input),
    'queue.cancel': (context, input) => desk.cancel(actorOf(context), context.requestId, input),
    'queue.prioritise': (context, input) => desk.prioritise(actorOf(context), context.requestId, input),
    'queue.transfer': (context, input) => desk.transfer(actorOf(context), context.requestId, input),
    'queue.markArrived': (context, input) => desk.markArrived(actorOf(context), context.requestId, input),
    'queue.acknowledge': (context, input) => desk.acknowledge(actorOf(context), context.requestId, input),
    'queue.undo': (context, input) => desk.undo(actorOf(context), context.requestId, input),
    'queue.pause': (context, input) => desk.pause(actorOf(context), context.requestId, input),
    'queue.closeDesk': (context, input) => desk.closeDesk(actorOf(context), context.requestId, input),
    'queue.unpause': (context, input) => desk.unpause(actorOf(context), context.requestId, input.sessionId),
    'queue.doctors': (context, input) => service.doctors(actorOf(context), input.clinicId),
    'queue.checkIn': (context, input) => arrivals.checkIn(actorOf(context), context.requestId, input),
    'queue.checkInCode': (context, input) => arrivals.checkInCode(actorOf(context), input.clinicId),
    'queue.placeLink': (context, input) => arrivals.placeLink(actorOf(context), input),
    'queue.scanArrived': (context, input) => arrivals.scanArrived(actorOf(context), context.requestId, input),
    'queue.triage': (context, input) => triage.take(actorOf(context), context.requestId, input),
    'queue.accuracy': (context, input) => service.accuracy(actorOf(context), input),
    'queue.history': async (context, input) => ({
      places: await views.history(await actorOf(context).ownPlaces(input.limit)),
    }),
  };
}

export function boardHandlers(boards: Boards): HandlersOf<'board'> {
  return {
    'board.list': (context, input) => boards.list(actorOf(context), input.clinicId),
    'board.create': (context, input) => boards.create(actorOf(context), context.requestId, input),
    'board.remove': (context, input) => boards.remove(actorOf(context), input.boardId),
  };
}
