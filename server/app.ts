import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Agenda } from 'agenda';
import { MongoBackend } from '@agendajs/mongo-backend';
import { Server } from 'socket.io';
import { limits } from '../shared/limits.ts';
import { TlsFront } from '../shared/node/TlsFront.ts';
import type { Config } from './config.ts';
import { buildHub } from './hub/build.ts';
import { guardConnections } from './hub/Connections.ts';
import { originGuard } from './hub/origin.ts';
import type { Publisher } from './hub/publish.ts';
import { ErrorTally } from './health/ErrorTally.ts';
import { createHttpApplication } from './http/application.ts';
import { MasterKeys } from './keys/MasterKeys.ts';
import { PatientKeys } from './keys/PatientKeys.ts';
import { seedDemo } from './seed/demo.ts';
import { refuseDemoPeople } from './seed/firstPeople.ts';
import { connectMongo } from './store/mongo.ts';
import { migrate, migrations, refuseHalfRestored } from './store/migrations/index.ts';
import { createLogger } from './support/logger.ts';

/** A running hub. `close` drains: not ready any more, sockets move to other hubs, what was begun is finished. */
export interface App {
  readonly url: string;
  readonly port: number;
  /** Of the door that speaks TLS, when there is one. */
  readonly tlsPort: number | null;
  /** Cuts every connection, as a network does; clients come back by themselves. For drills. */
  cutSockets(): void;
  /** The one door out, for benches that measure it alone. */
  readonly publisher: Publisher;
  close(): Promise<void>;
}

/** The longest a request may take to arrive: a picture over a weak line. Operations allow less (`operationRoutes`). */
const uploadMs = 5 * 60_000;
/** How long a stop waits for connections to end by themselves, ms. */
const goodbyeMs = 500;
const sweepEvery = '10 seconds';
const outboxEvery = '5 seconds';

/** Starts a hub: database, migrations, demo data when asked for, the two doors, the jobs. Stops in reverse. */
export async function createApp(config: Config): Promise<App> {
  const errors = new ErrorTally(Date.now);
  const log = createLogger(config.logLevel, () => errors.note());
  const mongo = await connectMongo(config.mongo.uri, config.mongo.db);
  const keys = new PatientKeys(mongo.db, new MasterKeys(config.masterKeys), Date.now);
  try {
    if (config.mode === 'production') await refuseDemoPeople(mongo.db);
    await refuseHalfRestored(mongo.db);
    await migrate(mongo.db, Date.now, migrations, keys);
  } catch (error) {
    await mongo.close();
    throw error;
  }
  // Looked at often: a limit of ten seconds that is checked every thirty is one of forty.
  const http = createServer({ requestTimeout: uploadMs, headersTimeout: 10_000, connectionsCheckingInterval: 2_000 });
  const mayAsk = originGuard(config);
  const io = new Server(http, {
    serveClient: false,
    // Long-polling spreads one socket over many requests, which must all reach the same hub.
    transports: config.longPolling ? ['polling', 'websocket'] : ['websocket'],
    perMessageDeflate: false,
    maxHttpBufferSize: limits.requestBytes,
    pingInterval: config.pingMs,
    pingTimeout: Math.ceil(config.pingMs * 0.8),
    connectTimeout: 10_000,
    cors: { origin: config.allowedOrigins.map((url) => new URL(url).origin) },
    allowRequest: (request, decide) => decide(null, mayAsk(request.headers)),
  });
  guardConnections(http, io, { trusts: config.trusts, factor: config.rateFactor });
  const hub = buildHub(config, mongo.db, io, log);
  await hub.audit.start();
  errors.show(hub.metrics.registry);
  await hub.erasures.recover();
  if (config.mode === 'demo') await seedDemo({ db: mongo.db, repos: hub.repos, places: hub.places, now: Date.now });

  const agenda = new Agenda({
    backend: new MongoBackend({ mongo: mongo.db }),
    processEvery: '5 seconds',
    name: hub.id,
  });
  agenda.on('error', (error: unknown) => log.warn({ err: error }, 'jobs'));
  // The lock is short, so that the sweep of a hub that died in it is taken over by another within the minute.
  agenda.define(
    'sweep',
    async () => {
      await hub.places.finishJoins();
      await hub.effects.sweep();
      await hub.people.sweep();
    },
    { lockLifetime: 30_000 },
  );
  agenda.define(
    'files',
    async () => {
      await hub.files.purge();
      await hub.people.purge();
    },
    { lockLifetime: 5 * 60_000 },
  );
  const { recordings } = hub;
  agenda.define('recordings', async () => void (await recordings.collect()), { lockLifetime: 60_000 });
  agenda.define('erasures', async () => void (await hub.erasures.sweep()), { lockLifetime: 60_000 });
  agenda.define('retention', async () => void (await recordings.purge()), { lockLifetime: 5 * 60_000 });
  agenda.define('audit', () => hub.audit.tend(), { lockLifetime: 30 * 60_000 });
  agenda.define('outbox', () => hub.notify.sweep(), { lockLifetime: 30_000 });
  agenda.define('backup', () => hub.backups.tick(), { lockLifetime: 60_000 });
  agenda.define('health', () => hub.health.look(), { lockLifetime: 60_000 });
  const { pollTelegram } = hub.notify;
  if (pollTelegram) agenda.define('telegram', pollTelegram, { lockLifetime: 60_000 });
  await agenda.start();
  await agenda.every(sweepEvery, 'sweep');
  await agenda.every('1 hour', 'files');
  await agenda.every('10 seconds', 'recordings');
  await agenda.every('1 hour', 'retention');
  await agenda.every('1 hour', 'audit');
  await agenda.every('1 minute', 'erasures');
  await agenda.every(outboxEvery, 'outbox');
  await agenda.every('1 minute', 'backup');
  // A demo has nobody who would mend anything.
  if (config.mode !== 'demo') await agenda.every('5 minutes', 'health');
  if (pollTelegram) await agenda.every('2 seconds', 'telegram');

  let serving = true;
  const application = createHttpApplication(config, {
    db: mongo.db,
    engine: config.mongo.engine,
    nodes: hub.nodes,
    metrics: hub.metrics,
    bus: hub.bus,
    metricsToken: config.metricsToken,
    serving: () => serving,
    door: hub.door,
    hooks: hub.notify.hooks,
    authenticator: hub.authenticator,
    files: hub.files,
    recordings: hub.recordings,
    mayAsk,
    secureCookies: config.publicUrl?.startsWith('https:') ?? false,
  });
  // Socket.IO answers its own path; an answer from here as well would be a second one to the same request.
  http.on('request', (request, response) => {
    if (request.url?.startsWith(`${io.path()}/`) !== true) application(request, response);
  });
  const open = new Set<Socket>();
  http.on('connection', (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  const port = await listen(http, config.port, config.host);
  const tls =
    config.tls &&
    (await TlsFront.open(config.tls, http, (problem) => log.warn({ problem }, 'certificate not renewed')));
  log.info({ port, tls: tls?.port, engine: config.mongo.engine, hub: hub.id }, 'hub is listening');

  return {
    url: `http://${config.host}:${port}`,
    port,
    tlsPort: tls?.port ?? null,
    cutSockets: () => io.local.disconnectSockets(true),
    publisher: hub.publisher,
    close: async () => {
      serving = false;
      await hub.drain(config.drainMs);
      io.local.disconnectSockets(true);
      // A WebSocket waits half a minute for the other side's goodbye, and a phone that is gone says none.
      const cut = setTimeout(() => open.forEach((socket) => socket.destroy()), goodbyeMs);
      await new Promise<void>((resolve) => void io.close(() => resolve()));
      clearTimeout(cut);
      await tls?.close();
      http.closeAllConnections();
      await agenda.stop();
      await hub.stop();
      await mongo.close();
    },
  };
}

async function listen(server: HttpServer, port: number, host: string): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return portOf(server.address());
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}
