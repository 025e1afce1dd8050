import { setTimeout as delay } from 'node:timers/promises';
import type { Db } from 'mongodb';
import type { Server } from 'socket.io';
import { CodeSignIn } from '../accounts/CodeSignIn.ts';
import { DeviceBook } from '../accounts/DeviceBook.ts';
import { Helpdesk } from '../accounts/Helpdesk.ts';
import { Entrance } from '../accounts/Entrance.ts';
import { accountHandlers } from '../accounts/operations.ts';
import { Authenticator } from '../accounts/Authenticator.ts';
import { AuthSessions } from '../accounts/AuthSessions.ts';
import { Passwords } from '../accounts/Passwords.ts';
import { SecondFactors } from '../accounts/SecondFactors.ts';
import { AccountService } from '../accounts/service.ts';
import { Tokens } from '../accounts/Tokens.ts';
import { Tries } from '../accounts/Tries.ts';
import { buildAudit } from '../audit/build.ts';
import { buildBackup } from '../backup/build.ts';
import { buildChat } from '../chat/build.ts';
import { chatKind } from '../chat/kind.ts';
import { chatSubject } from '../chat/subject.ts';
import type { Config } from '../config.ts';
import { registerConsultEffects } from '../consult/effects.ts';
import { readGrantKey } from '../consult/grant.ts';
import { Nodes } from '../consult/Nodes.ts';
import { consultHandlers } from '../consult/operations.ts';
import { ConsultService } from '../consult/service.ts';
import { buildHealth } from '../health/build.ts';
import { buildPeople } from '../people/build.ts';
import { FreshProof } from '../accounts/FreshProof.ts';
import { buildErasure } from '../erasure/build.ts';
import { PresenceBook } from '../presence/Book.ts';
import { Census } from '../presence/Census.ts';
import { PresenceFeed } from '../presence/PresenceFeed.ts';
import { PresenceRegister } from '../presence/Register.ts';
import { buildNotify } from '../notify/build.ts';
import { registerChatNotices, tellingChats } from '../notify/chatNotices.ts';
import { tellingQueues } from '../notify/queueNotices.ts';
import { EventSealer } from '../keys/EventSealer.ts';
import { MasterKeys } from '../keys/MasterKeys.ts';
import { PatientKeys } from '../keys/PatientKeys.ts';
import { buildQueue } from '../queue/build.ts';
import { queueKind } from '../queue/kind.ts';
import { Consents } from '../recordings/Consents.ts';
import { NodeSpool } from '../recordings/NodeSpool.ts';
import { recordingHandlers } from '../recordings/operations.ts';
import { Recordings } from '../recordings/Recordings.ts';
import { Effects } from '../store/Effects.ts';
import { createRepos } from '../store/Repos.ts';
import { Requests } from '../store/requests.ts';
import { Streams } from '../store/streams/index.ts';
import { newId } from '../support/ids.ts';
import type { Logger } from '../support/logger.ts';
import { Metrics } from '../support/metrics.ts';
import { demoLogins } from '../seed/people.ts';
import { systemHandlers } from '../system/operations.ts';
import { noBus } from './Bus.ts';
import { News } from './news.ts';
import { Door } from './operate.ts';
import { Publisher } from './publish.ts';
import { RedisBus } from './RedisBus.ts';
import { RateLimits } from './rateLimits.ts';
import { SocketDoor } from './socketDoor.ts';
import { Subscriptions } from './Subscriptions.ts';
import { Tail } from './Tail.ts';

/** How long after the last moment to move a socket may stay, for what it still waits for, ms. */
const lingerMs = 1_500;
/** What is signed in this soon after an account was opened is its opening. */
const firstMinutesMs = 60_000;
/** How long commands under way may take once everybody is gone, ms. */
const settleMs = 2_000;

/** Puts the hub together: every service with what it needs, nothing hidden. The one place that knows all features. */
export function buildHub(config: Config, db: Db, io: Server, log: Logger) {
  const id = newId();
  const now = (): number => Date.now();
  const metrics = new Metrics();
  const redis = config.redis && new RedisBus({ ...config.redis, hub: id, log, metrics, now });
  const bus = redis ?? noBus;
  const news = new News(bus);
  const masterKeys = new MasterKeys(config.masterKeys);
  const keys = new PatientKeys(db, masterKeys, now);
  const repos = createRepos(db, keys);
  const auditing = buildAudit(config, { db, repos, hub: id, log, now });
  const { audit } = auditing;
  const accessDeps = { repos, audit };
  const streams = new Streams({
    db,
    hub: id,
    now,
    sealing: new EventSealer(keys, { chat: chatSubject(repos) }),
    onAppend: (stream, epoch, seq) => news.tell('appended', { stream, epoch, seq }),
    onConflict: () => metrics.conflicts.inc(),
    onListenerError: (error) => log.error({ err: error }, 'a commit listener failed'),
  });
  const effects = new Effects({ db, now, log, onOutcome: (kind, outcome) => metrics.effects.inc({ kind, outcome }) });
  streams.drainWith((events) => effects.drain(events));
  const queues = tellingQueues(streams.of(queueKind));
  const chats = tellingChats(streams.of(chatKind));
  queues.onCommit(({ events }) => metrics.committed.inc({ stream: 'queue' }, events.length));
  chats.onCommit(({ events }) => metrics.committed.inc({ stream: 'chat' }, events.length));

  const publisher = new Publisher(io, metrics);
  const tokens = new Tokens(config.secret);
  const sessions = new AuthSessions(db, now);
  const authenticator = new Authenticator({ tokens, sessions, repos, now });
  const rateLimits = new RateLimits(
    config.rateFactor,
    redis && {
      client: redis.commands,
      up: () => redis.state === 'up',
      prefix: redis.prefix,
      secret: config.secret,
    },
  );
  const closeSockets = (sid: string): void => {
    publisher.disconnectSession(sid);
    news.tell('signedOut', { sid });
  };
  const factors = new SecondFactors(repos, now);
  const { deskIdleMs } = config;
  const accounts = new AccountService({
    ...{ ...accessDeps, tokens, sessions, authenticator, factors, deskIdleMs, now, closeSockets },
  });

  const { secret, publicUrl } = config;
  const queue = buildQueue({ repos, queues, publisher, news, effects, log, now, secret, publicUrl });
  const { heartbeatMs } = config;
  const book = new PresenceBook(Math.min(2_000, heartbeatMs / 2));
  const register = new PresenceRegister({
    ...{ db, hub: id, book, news, log, now, heartbeatMs },
    masterKey: masterKeys.current,
  });
  const census = new Census({ repos, queues, book, now });
  const presence = new PresenceFeed({ census, book, queues, publisher, log, now, everyMs: heartbeatMs });
  const nodes = new Nodes({ urls: config.sfu.nodes, secret: config.sfu.secret, log, now });
  const grantKey = readGrantKey(config.grantPrivateKey);
  const consults = new ConsultService({ repos, queues, nodes, grantKey, now });
  const intervalMs = config.tailMs;
  const chat = buildChat({ db, keys, repos, chats, publisher, news, effects, log, now, intervalMs });
  const recordings = new Recordings({
    db,
    repos,
    keys,
    nodes,
    spoolOf: (control) => new NodeSpool(control, config.sfu.secret),
    log,
    now,
    retentionMs: config.recordingDays * 24 * 3600_000,
  });
  const consents = new Consents({ repos, grantKey, now });
  registerConsultEffects(effects, consults);

  const notify = buildNotify(config, {
    audit,
    repos,
    streams,
    queues,
    effects,
    publisher,
    metrics,
    log,
    now,
  });

  const passwords = new Passwords({
    ...accessDeps,
    challenges: notify.challenges,
    notifier: notify.notifier,
    sendsMail: notify.sendsMail,
    endAll: (accountId, but) => accounts.endAll(accountId, but),
    log,
    now,
  });

  const tries = new Tries({ repos, secret, factor: config.rateFactor, now });
  const devices = new DeviceBook(secret);
  const entrance = new Entrance({
    rateLimits,
    tries,
    devices,
    onNewDevice: ({ account }) => {
      // Everybody signs in with the logins of a demo.
      if (config.mode !== 'production' && demoLogins.some((one) => one.email === account.email)) return;
      // The first one is the sign-up itself.
      if (now() - account.createdAt > firstMinutesMs) void owners.tell(account._id, 'newDevice');
    },
  });
  const { challenges, notifier, sends, owners } = notify;
  const codes = new CodeSignIn({
    ...{ repos, challenges, notifier, accounts, factors, tokens, tries, sends, now },
    region: config.region,
  });

  const people = buildPeople({
    ...{ ...accessDeps, sessions, factors, rateLimits, entrance, log, now, files: chat.files },
    ...{ notifier, challenges, sendsMail: sends.email },
    endAll: (accountId) => accounts.endAll(accountId),
    accessChanged: async (accountId) => {
      news.tell('access', { accountId });
      await tail.accessChanged(accountId);
    },
    onDesksChanged: queue.onDesksChanged,
  });

  const helpdesk = new Helpdesk({
    ...{ repos, factors, owners, now },
    endAll: (accountId) => accounts.endAll(accountId),
    accessChanged: async (accountId) => {
      await repos.accounts.update({ _id: accountId }, { $set: { accessChangedAt: now() } });
      news.tell('access', { accountId });
      await tail.accessChanged(accountId);
    },
  });

  registerChatNotices(effects, {
    notifier: notify.notifier,
    recipientsOf: (threadId, author) => chat.threads.recipientsOf(threadId, author),
    isHere: (accountId) => book.connectionOf(accountId) === 'online',
  });

  const backup = buildBackup(config, { db, hub: id, repos, keys, metrics, log, now });
  const health = buildHealth(config, { db, repos, notifier: notify.notifier, metrics, log, now });
  const erasure = buildErasure({
    ...{ repos, keys, queues, streams, publisher, news, log, now, intervalMs },
    fresh: new FreshProof(factors, entrance),
    endAll: (accountId) => accounts.endAll(accountId),
    accessChanged: (accountId) => tail.accessChanged(accountId),
    keyring: backup.backups.keyring,
    retentionMs: config.retentionDays * 24 * 3600_000,
  });

  const door = new Door(
    {
      ...systemHandlers(config.mode === 'demo'),
      ...accountHandlers({ service: accounts, factors, passwords, codes, entrance, helpdesk, owners, rateLimits }),
      ...people.handlers,
      ...queue.handlers,
      ...consultHandlers(consults),
      ...recordingHandlers(consents, recordings),
      ...chat.handlers,
      ...notify.handlers,
      ...backup.handlers,
      ...auditing.handlers,
      ...erasure.handlers,
    },
    {
      ...{ access: accessDeps, requests: new Requests(db, now), rateLimits, metrics, log },
      onCommand: (actor) =>
        void accounts.used(actor).catch((error: unknown) => log.warn({ err: error }, 'use not noted')),
    },
  );
  const sources = { ...queue.sources, ...presence.sources, ...chat.feed.sources, notifications: notify.source };
  const sockets = new SocketDoor(io, {
    door,
    authenticator,
    rateLimits,
    metrics,
    presence: book,
    trusts: config.trusts,
    factor: config.rateFactor,
    subscriptions: (socket) => new Subscriptions(socket, { sources, access: accessDeps, publisher }),
    answered: (socketId) => publisher.answered(socketId),
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

  const unheard = (error: unknown): void => log.warn({ err: error }, 'news of another hub not followed; the tail will');
  news.hear('appended', ({ stream, seq }) => void streams.hear(stream, seq).catch(unheard));
  news.hear('signedOut', ({ sid }) => tail.signedOut(sid));
  news.hear('access', ({ accountId }) => void tail.accessChanged(accountId).catch(unheard));
  bus.onUp(() => tail.catchUp());

  /** Sends everybody to other hubs, and waits until they are gone and what they asked for is answered; not for ever. */
  const drain = async (withinMs: number): Promise<void> => {
    sockets.closeDoor();
    if (withinMs > 0) {
      publisher.move({ withinMs });
      const deadline = performance.now() + withinMs + lingerMs;
      while (sockets.connected.size > 0 && performance.now() < deadline) await delay(20);
    }
    await door.settled(settleMs);
    // The last answers are on their way out.
    await delay(0);
  };

  return {
    id,
    bus,
    drain,
    repos,
    places: queue.places,
    effects,
    nodes,
    notify,
    backups: backup.backups,
    health,
    people,
    metrics,
    door,
    audit: auditing,
    authenticator,
    files: chat.files,
    recordings,
    erasures: erasure.erasures,
    publisher,
    /** After the sockets are closed: finishes what was begun. */
    stop: async (): Promise<void> => {
      presence.stop();
      book.stop();
      await register.stop();
      await bus.close();
      await tail.stop();
      await queue.stop();
      await chat.feed.stop();
      await erasure.stop();
      publisher.stop();
      await backup.backups.stop();
      await recordings.settled();
      await nodes.stop();
      await passwords.settle();
      await people.stop();
      await notify.stop();
      await effects.settle();
      await auditing.stop();
    },
  };
}
