import { createServer } from 'node:net';
import { z } from 'zod';
import { releaseCursors } from './commands/handshake.ts';
import { Connection } from './Connection.ts';
import { CursorStore } from './cursors.ts';
import { Engine } from './Engine.ts';
import { UniqueKeys } from './uniqueKeys.ts';

/**
 * The gateway process: MongoDB's wire protocol in front of the DocumentDB engine. Loopback only. Sends `{port}` to its parent when
 * it listens, stops on SIGTERM, and ends by itself when the parent is gone.
 */
const Config = z.object({
  GATEWAY_SOCKET_DIR: z.string().min(1),
  GATEWAY_PORT: z.coerce.number().int().min(0).max(65_535).default(0),
  GATEWAY_CONNECTIONS: z.coerce.number().int().min(1).max(64).default(16),
  GATEWAY_STATEMENT_TIMEOUT_MS: z.coerce.number().int().min(100).default(60_000),
  GATEWAY_CURSOR_IDLE_MS: z.coerce.number().int().min(100).default(600_000),
});

const config = Config.parse(process.env);
const maxClients = 2_000;
const maintenanceMs = 60_000;

const engine = new Engine({
  socketDir: config.GATEWAY_SOCKET_DIR,
  connections: config.GATEWAY_CONNECTIONS,
  statementTimeoutMs: config.GATEWAY_STATEMENT_TIMEOUT_MS,
});
const cursors = new CursorStore({ idleMs: config.GATEWAY_CURSOR_IDLE_MS, most: 2_000 }, () => Date.now());
const services = { engine, cursors, uniqueKeys: new UniqueKeys(engine), now: () => new Date() };

const connections = new Set<Connection>();
let lastId = 0;
const server = createServer((socket) => {
  const connection = new Connection(socket, services, ++lastId);
  connections.add(connection);
  socket.on('close', () => connections.delete(connection));
});
server.maxConnections = maxClients;

/** What MongoDB does in background threads: idle cursors end, expired documents (TTL) go. */
async function maintain(): Promise<void> {
  engine.trim();
  await releaseCursors(engine, cursors.sweep());
  await engine.runLong('ttl', 'CALL documentdb_api_internal.delete_expired_rows()', []);
  await engine.runLong('cursor_files', 'SELECT documentdb_api_internal.cursor_directory_cleanup()', []);
}

let maintaining = false;
const timer = setInterval(() => {
  if (maintaining) return;
  maintaining = true;
  maintain()
    .catch((error: unknown) => {
      console.error('maintenance failed:', error instanceof Error ? error.message : 'unknown');
    })
    .finally(() => (maintaining = false));
}, maintenanceMs);

let stopping = false;
function stop(): void {
  if (stopping) return;
  stopping = true;
  clearInterval(timer);
  server.close(() => {
    engine.close();
    process.exit(0);
  });
  for (const connection of connections) connection.close();
  setTimeout(() => process.exit(1), 5_000).unref();
}

process.on('SIGTERM', stop);
process.on('SIGINT', () => undefined); // Ctrl-C reaches the whole terminal group; the parent stops us in order.
process.on('disconnect', stop);

server.on('error', (error) => {
  process.send?.({ error: error.message });
  console.error('gateway:', error.message);
  process.exitCode = 1;
  stop();
});
server.listen({ port: config.GATEWAY_PORT, host: '127.0.0.1' }, () => {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : config.GATEWAY_PORT;
  process.send?.({ port });
  if (process.send === undefined) console.log(`gateway on 127.0.0.1:${port}`);
});
