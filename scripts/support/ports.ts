import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { SetupError } from './SetupError.ts';

/** Whether a TCP port can be listened on at `host` right now. */
export function tcpPortFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** Whether a UDP port can be bound at `host` right now. */
export function udpPortFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => resolve(false));
    socket.bind({ port, address: host, exclusive: true }, () => socket.close(() => resolve(true)));
  });
}

/** Below the range from which the system takes ports for outgoing connections: what is free here stays free. */
const [lowest, beyond] = [10_000, 32_000];

/** A port on loopback that is free right now, for TCP and UDP. */
export async function freePort(): Promise<number> {
  const host = '127.0.0.1';
  for (let tries = 0; tries < 100; tries++) {
    const port = randomInt(lowest, beyond);
    if ((await tcpPortFree(port, host)) && (await udpPortFree(port, host))) return port;
  }
  throw new Error('no free port was found');
}

export interface NeededPort {
  port: number;
  /** The environment variable that moves it. */
  variable: string;
  /** What it is for, in words. */
  use: string;
  udp?: boolean;
}

/** Throws a SetupError that names the first port in use and how to choose another one. */
export async function ensurePortsFree(needed: readonly NeededPort[], host: string): Promise<void> {
  for (const { port, variable, use, udp } of needed) {
    const free = (await tcpPortFree(port, host)) && (!udp || (await udpPortFree(port, host)));
    if (free) continue;
    if (port < 1024 && process.getuid?.() !== 0) {
      throw new SetupError(
        `Port ${port} (${use}) cannot be listened on: another program does, or this user may not.`,
        `Let Node listen there (docs/install.md, “files”), or choose another port: ${variable}=${port + 8000}`,
      );
    }
    throw new SetupError(
      `Port ${port} (${use}) is in use by another program.`,
      `Stop that program (is Nadi running already?), or choose another port: ${variable}=${port + 100} npm start`,
    );
  }
}

/** Reads a port from the environment; 1 to 65535, or the default when unset. */
export function portFrom(env: NodeJS.ProcessEnv, variable: string, byDefault: number): number {
  const text = env[variable];
  if (text === undefined || text === '') return byDefault;
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  throw new SetupError(
    `${variable}=${text} is not a port.`,
    `Use a number from 1 to 65535, for example ${variable}=${byDefault}.`,
  );
}
