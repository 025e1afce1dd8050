import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agenda } from 'agenda';
import { MongoBackend } from '@agendajs/mongo-backend';
import { Server } from 'socket.io';
import { limits } from '../shared/limits.ts';
import type { Config } from './config.ts';
import { buildHub } from './hub/build.ts';
import { originAllowed } from './hub/origin.ts';
import { createHttpApplication } from './http/application.ts';
import { seedDemo } from './seed/demo.ts';
import { connectMongo } from './store/mongo.ts';
import { migrate } from './store/migrations/index.ts';
import { createLogger } from './support/logger.ts';

/** A running hub. `close` drains: stops listening, cuts sockets, finishes what was acknowledged. */
export interface App {
  readonly url: string;
  readonly port: number;
  /** Cuts every connection, as a network does; clients come back by themselves. For drills. */
  cutSockets(): void;
  close(): Promise<void>;
}

const sweepEvery = '10 seconds';

/** Starts a hub: database, migrations, demo data when asked for, the two doors, the jobs. Stops in reverse. */
export async function createApp(config: Config): Promise<App> {
  const log = createLogger(config.logLevel);
  const mongo = await connectMongo(config.mongo.uri, config.mongo.db);
  await migrate(mongo.db);
  const http = createServer({ requestTimeout: 30_000, headersTimeout: 10_000 });
  const demo = config.mode !== 'production';
  const io = new Server(http, {
    serveClient: false,
    transports: ['websocket'],
    perMessageDeflate: false,
    maxHttpBufferSize: limits.requestBytes,
    pingInterval: 10_000,
    pingTimeout: 8_000,
    connectTimeout: 10_000,
    cors: { origin: false },
    allowRequest: (request, decide) => decide(null, originAllowed(request.headers, config.publicUrl, demo)),
  });
  const hub = buildHub(config, mongo.db, io, log);
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
    },
    { lockLifetime: 30_000 },
  );
  await agenda.start();
  await agenda.every(sweepEvery, 'sweep');

  let serving = true;
  const application = createHttpApplication(config, {
    db: mongo.db,
    engine: config.mongo.engine,
    nodes: hub.nodes,
    metrics: hub.metrics,
    serving: () => serving,
    door: hub.door,
    authenticator: hub.authenticator,
    publicUrl: config.publicUrl,
    demo,
    secureCookies: config.publicUrl?.startsWith('https:') ?? false,
  });
  // Socket.IO answers its own path; an answer from here as well would be a second one to the same request.
  http.on('request', (request, response) => {
    if (request.url?.startsWith(`${io.path()}/`) !== true) application(request, response);
  });
  const port = await listen(http, config.port, config.host);
  log.info({ port, engine: config.mongo.engine, hub: hub.id }, 'hub is listening');

  return {
    url: `http://${config.host}:${port}`,
    port,
    cutSockets: () => io.local.disconnectSockets(true),
    close: async () => {
      serving = false;
      io.local.disconnectSockets(true);
      await new Promise<void>((resolve) => void io.close(() => resolve()));
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
