import type { Db } from 'mongodb';
import type { Server } from 'socket.io';
import { accountHandlers } from '../accounts/operations.ts';
import { Authenticator } from '../accounts/Authenticator.ts';
import { AuthSessions } from '../accounts/AuthSessions.ts';
import { AccountService } from '../accounts/service.ts';
import { Tokens } from '../accounts/Tokens.ts';
import { chatKind } from '../chat/kind.ts';
import { chatHandlers } from '../chat/operations.ts';
import { ChatService } from '../chat/service.ts';
import type { Config } from '../config.ts';
import { registerConsultEffects } from '../consult/effects.ts';
import { readGrantKey } from '../consult/grant.ts';
import { Nodes } from '../consult/Nodes.ts';
import { consultHandlers } from '../consult/operations.ts';
import { ConsultService } from '../consult/service.ts';
import { registerQueueEffects } from '../queue/effects.ts';
import { queueKind } from '../queue/kind.ts';
import { queueHandlers } from '../queue/operations.ts';
import { Places } from '../queue/Places.ts';
import { QueueFeed } from '../queue/QueueFeed.ts';
import { QueueViews } from '../queue/QueueViews.ts';
import { QueueService } from '../queue/service.ts';
import { AuditLog } from '../store/Audit.ts';
import { Effects } from '../store/Effects.ts';
import { createRepos } from '../store/Repos.ts';
import { Requests } from '../store/requests.ts';
import { Streams } from '../store/streams/index.ts';
import { newId } from '../support/ids.ts';
import type { Logger } from '../support/logger.ts';
import { Metrics } from '../support/metrics.ts';
import { systemHandlers } from '../system/operations.ts';
import { Door } from './operate.ts';
import { Publisher } from './publish.ts';
import { RateLimits } from './rateLimits.ts';
import { SocketDoor } from './socketDoor.ts';
import { Subscriptions } from './Subscriptions.ts';
import { Tail } from './Tail.ts';

/** Puts the hub together: every service with what it needs, nothing hidden. The one place that knows all features. */
export function buildHub(config: Config, db: Db, io: Server, log: Logger) {
  const id = newId();
  const now = Date.now;
  const metrics = new Metrics();
  const repos = createRepos(db);
  const audit = new AuditLog(db, now);
  const accessDeps = { repos, audit };
  const streams = new Streams({
    db,
    hub: id,
    now,
    onConflict: () => metrics.conflicts.inc(),
    onListenerError: (error) => log.error({ err: error }, 'a commit listener failed'),
  });
  const effects = new Effects({ db, now, log, onOutcome: (kind, outcome) => metrics.effects.inc({ kind, outcome }) });
  streams.drainWith((events) => effects.drain(events));
  const queues = streams.of(queueKind);
  const chats = streams.of(chatKind);
  queues.onCommit(({ events }) => metrics.committed.inc({ stream: 'queue' }, events.length));
  chats.onCommit(({ events }) => metrics.committed.inc({ stream: 'chat' }, events.length));

  const publisher = new Publisher(io, metrics);
  const tokens = new Tokens(config.secret);
  const sessions = new AuthSessions(db, now);
  const authenticator = new Authenticator({ tokens, sessions, repos, now });
  const rateLimits = new RateLimits(config.rateFactor);
  const closeSockets = (sid: string): void => publisher.disconnectSession(sid);
  const accounts = new AccountService({ ...accessDeps, tokens, sessions, authenticator, now, closeSockets });

  const places = new Places({ repos, queues, now });
  const views = new QueueViews({ repos, queues, now });
  const feed = new QueueFeed({ queues, views, repos, publisher, log, now });
  const queue = new QueueService({ repos, queues, places, now, onDesksChanged: (clinic) => feed.desksChanged(clinic) });
  const nodes = new Nodes({ urls: config.sfu.nodes, secret: config.sfu.secret, log, now });
  const consults = new ConsultService({ repos, queues, nodes, grantKey: readGrantKey(config.grantPrivateKey), now });
  const chat = new ChatService({ chats, publisher });
  registerQueueEffects(effects, { repos, places });
  registerConsultEffects(effects, consults);

  const door = new Door(
    {
      ...systemHandlers(config.mode === 'demo'),
      ...accountHandlers(accounts, rateLimits),
      ...queueHandlers(queue, views),
      ...consultHandlers(consults),
      ...chatHandlers(chat),
    },
    { access: accessDeps, requests: new Requests(db, now), rateLimits, metrics, log },
  );
  const sources = { ...feed.sources, chat: chat.source };
  const sockets = new SocketDoor(io, {
    door,
    authenticator,
    rateLimits,
    metrics,
    subscriptions: (socket) => new Subscriptions(socket, { sources, access: accessDeps, publisher }),
  });
  const tail = new Tail({
    streams,
    sessions,
    authenticator,
    repos,
    publisher,
    sockets,
    log,
    now,
    intervalMs: config.tailMs,
  });

  return {
    id,
    repos,
    places,
    effects,
    nodes,
    metrics,
    door,
    authenticator,
    /** After the sockets are closed: finishes what was begun. */
    stop: async (): Promise<void> => {
      await tail.stop();
      await feed.stop();
      publisher.stop();
      await nodes.stop();
      await effects.settle();
      await audit.settle();
    },
  };
}
