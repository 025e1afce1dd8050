import { randomUUID } from 'node:crypto';
import { createServer, type Server as HttpServer } from 'node:http';
import { pino, type Logger } from 'pino';
import type { SfuHealth, SfuNodeInfo } from '../shared/contract/sfu.ts';
import { TlsFront } from '../shared/node/TlsFront.ts';
import type { SfuConfig } from './config.ts';
import { controlApi } from './controlApi.ts';
import { GrantDesk } from './grant.ts';
import { SfuMetrics } from './metrics.ts';
import { Recordings } from './recording/Recordings.ts';
import { Spool } from './recording/Spool.ts';
import { RoomDirectory } from './RoomDirectory.ts';
import { openSignalling } from './signalling.ts';
import { WorkerPool } from './WorkerPool.ts';

/** A running node. */
export interface SfuNode {
  /** Where it listens: control API and signalling. */
  readonly url: string;
  /** Audience of its grants; another one at every start. */
  readonly bootId: string;
  /** Tells every client, closes every room, stops the workers. Safe to call twice. */
  close(): Promise<void>;
}

/** What may be put in from outside. */
export interface SfuParts {
  log?: Logger;
  /** Milliseconds since 1970. */
  now?: () => number;
  /** Publish the process's own metrics too; at most one node per process. */
  processMetrics?: boolean;
}

/**
 * Starts a node: its media workers, its signalling and its control API on one port.
 *
 * @throws when a port is in use or a worker does not start; nothing is left running then
 */
export async function createSfu(config: SfuConfig, parts: SfuParts = {}): Promise<SfuNode> {
  const log = parts.log ?? pino({ name: 'sfu', level: config.logLevel });
  const now = parts.now ?? Date.now;
  const bootId = randomUUID();
  let stopping = false;

  const spool = await Spool.open(config.spoolDir, config.secret, log);
  const pool = await WorkerPool.start(config, log);
  const recordings = new Recordings({ spool, log, now, key: config.grantPublicKey });
  const rooms = new RoomDirectory(pool, config.limits, recordings, now);
  pool.onLost = (lost) => rooms.workerLost(lost);
  const metrics = new SfuMetrics(pool, rooms, parts.processMetrics === true);

  let publicUrl = config.publicUrl ?? '';
  const health = (): SfuHealth => ({
    status: stopping ? 'shutting-down' : pool.alive > 0 ? 'ok' : 'degraded',
    bootId,
    workers: { alive: pool.alive, total: pool.total },
  });
  const info = (): SfuNodeInfo => {
    const seats = [...rooms.rooms.values()].reduce((total, room) => total + room.peers.size, 0);
    return {
      bootId,
      publicUrl,
      accepting: !stopping && pool.alive > 0,
      workers: pool.describe(),
      load: seats / Math.max(1, pool.alive),
    };
  };

  const control = controlApi({ secret: config.secret, directory: rooms, spool, metrics, log, health, info });
  // Looked at often: a limit of ten seconds that is checked every thirty is one of forty.
  const http = createServer({ connectionsCheckingInterval: 2_000 }, control);
  // Every seat twice (a socket swap), and some for who is on the way in.
  http.maxConnections = pool.total * config.limits.roomsPerWorker * config.limits.peersPerRoom * 2 + 1_000;
  http.headersTimeout = 10_000;
  http.requestTimeout = 15_000;
  const grants = new GrantDesk(config.grantPublicKey, bootId, now);
  const io = openSignalling(http, { config, bootId, grants, directory: rooms, metrics, log, now });
  let port: number;
  let tls: TlsFront | undefined;
  try {
    port = await listen(http, config.port, config.host);
    const told = (problem: string): void => log.warn({ problem }, 'certificate not renewed');
    if (config.tls !== undefined) tls = await TlsFront.open(config.tls, http, told);
  } catch (error) {
    http.close();
    await pool.close();
    throw error;
  }
  publicUrl = config.publicUrl ?? (tls ? `https://localhost:${tls.port}` : `http://localhost:${port}`);
  log.info({ port, bootId, workers: pool.total }, 'media node ready');

  let closing: Promise<void> | undefined;
  return {
    url: `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`,
    bootId,
    close: () => (closing ??= stop()),
  };

  async function stop(): Promise<void> {
    stopping = true;
    rooms.closeAll('shutting-down');
    await recordings.close();
    await io.close(); // closes the HTTP server as well
    await tls?.close();
    http.closeAllConnections();
    await pool.close();
    log.info('media node stopped');
  }
}

function listen(http: HttpServer, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    http.once('error', (error) => {
      const taken = 'code' in error && error.code === 'EADDRINUSE';
      reject(taken ? new Error(`port ${port} on ${host} is in use`, { cause: error }) : error);
    });
    http.listen(port, host, () => {
      const address = http.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}
