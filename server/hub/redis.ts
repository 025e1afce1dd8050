import { createClient } from 'redis';
import type { Logger } from '../support/logger.ts';

export type RedisClient = ReturnType<typeof newClient>;

/** Silence on a connection that carries a beat every second, ms: it is half-open or Redis hangs, connect anew. */
const silentMs = 5_000;
const longestWaitMs = 2_000;

/** How long to wait before the next attempt, ms: doubles, half of it random, so that hubs do not return all at once. */
export function reconnectDelay(retries: number, random: () => number): number {
  const ceiling = Math.min(longestWaitMs, 50 * 2 ** Math.min(retries, 10));
  return ceiling / 2 + random() * (ceiling / 2);
}

/**
 * A client that may lose Redis at any time: it tries again for ever, refuses commands meanwhile instead of storing them,
 * and its errors are logged once per outage, never thrown.
 */
export function openRedis(url: string, name: string, log: Logger): RedisClient {
  const client = newClient(url, name);
  let told = false;
  client.on('error', (error: unknown) => {
    // The address may hold a password; name and code are enough.
    if (!told) log.warn({ reason: reasonOf(error), connection: name }, 'redis does not answer; going on without it');
    told = true;
  });
  client.on('ready', () => {
    if (told) log.info({ connection: name }, 'redis answers again');
    told = false;
  });
  client.connect().catch(() => undefined);
  return client;
}

/** Ends it, whatever state it is in. */
export function closeRedis(client: RedisClient): void {
  try {
    client.destroy();
  } catch {
    // It was closed, or never open.
  }
}

function newClient(url: string, name: string) {
  return createClient({
    url,
    name: `nadi-${name}`,
    disableOfflineQueue: true,
    commandsQueueMaxLength: 10_000,
    socket: {
      connectTimeout: 2_000,
      socketTimeout: silentMs,
      reconnectStrategy: (retries) => reconnectDelay(retries, Math.random),
    },
  });
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
