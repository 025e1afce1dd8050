import type { QueueEvent, QueueState } from '../../shared/state/queue.ts';
import type { Publisher } from '../hub/publish.ts';
import type { News } from '../hub/news.ts';
import type { Effects } from '../store/Effects.ts';
import type { Repos } from '../store/Repos.ts';
import type { StreamsOf } from '../store/streams/index.ts';
import type { Logger } from '../support/logger.ts';
import { Arrivals } from './Arrivals.ts';
import { BoardFeed } from './BoardFeed.ts';
import { Boards } from './Boards.ts';
import { DeskCommands } from './DeskCommands.ts';
import { registerQueueEffects } from './effects.ts';
import { Keys } from './keys.ts';
import { boardHandlers, queueHandlers } from './operations.ts';
import { LinkFeed } from './LinkFeed.ts';
import { Places } from './Places.ts';
import { QueueFeed } from './QueueFeed.ts';
import { QueueViews } from './QueueViews.ts';
import { QueueService } from './service.ts';
import { Triage } from './triage.ts';

/** The queue with all its parts, as the hub needs it. */
export function buildQueue(deps: {
  readonly repos: Repos;
  readonly queues: StreamsOf<QueueState, QueueEvent>;
  readonly publisher: Publisher;
  readonly news: News;
  readonly effects: Effects;
  readonly log: Logger;
  readonly now: () => number;
  readonly secret: string;
  readonly publicUrl: string | null;
}) {
  const keys = new Keys(deps.secret);
  const views = new QueueViews(deps);
  const places = new Places({ ...deps, promise: (sessionId, entryId) => views.promise(sessionId, entryId) });
  const desk = new DeskCommands({ queues: deps.queues, places });
  const arrivals = new Arrivals({ ...deps, desk, keys });
  const feed = new QueueFeed({ ...deps, views });
  const links = new LinkFeed({ ...deps, views, arrivals });
  const desksChanged = (clinicId: string): void => {
    views.desksChanged(clinicId);
    feed.desksChanged(clinicId);
    boardFeed.clinicChanged(clinicId);
  };
  const onDesksChanged = (clinicId: string): void => {
    desksChanged(clinicId);
    deps.news.tell('desks', { clinicId });
  };
  const boards = new Boards({ ...deps, views, keys, onChanged: onDesksChanged });
  const boardFeed = new BoardFeed({ ...deps, boards, views });
  const service = new QueueService({ ...deps, places, onDesksChanged });
  const triage = new Triage({ ...deps, desk });
  registerQueueEffects(deps.effects, { repos: deps.repos, places, onDesksChanged });
  deps.news.hear('desks', ({ clinicId }) => desksChanged(clinicId));
  return {
    places,
    onDesksChanged,
    handlers: { ...queueHandlers({ service, desk, views, arrivals, triage }), ...boardHandlers(boards) },
    sources: { ...feed.sources, board: boardFeed.source, linkedPlace: links.source },
    stop: async (): Promise<void> => {
      await feed.stop();
      await links.stop();
      await boardFeed.stop();
    },
  };
}
