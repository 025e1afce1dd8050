import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { io, type Socket } from 'socket.io-client';
import { z } from 'zod';
import { reply } from '../../../shared/contract/wire.ts';
import { until } from '../../support/until.ts';

const batch = z.object({ events: z.array(z.unknown()) });

/** Many sockets of one audience, counting the events that reach them. */
export class Crowd {
  readonly #sockets: Socket[] = [];
  received = 0;
  last: unknown = null;

  /** Connects `count` sockets, fifty at a time; `greet` runs on each (subscribe, say). */
  async gather(
    url: string,
    count: number,
    auth: Record<string, unknown>,
    greet: (socket: Socket) => Promise<void>,
  ): Promise<void> {
    for (let i = 0; i < count; i += 50) {
      await Promise.all(
        Array.from({ length: Math.min(50, count - i) }, async () => {
          const socket = io(url, { transports: ['websocket'], auth, forceNew: true, reconnection: false });
          socket.on('batch', (frame: unknown) => {
            // A late event may ride with the next: events are counted, not frames.
            const { length } = batch.parse(frame).events;
            this.received += length;
            if (length === 1) this.last = frame;
          });
          this.#sockets.push(socket);
          await new Promise<void>((resolve, reject) => {
            socket.once('connect', resolve);
            socket.once('connect_error', reject);
          });
          await greet(socket);
        }),
      );
    }
  }

  /** Waits until `frames` more events than at `before` have reached every socket. */
  async heard(before: number, frames: number): Promise<void> {
    const wanted = before + frames * this.#sockets.length;
    await until(`${frames} events at ${this.#sockets.length} sockets`, () => this.received >= wanted, {
      timeoutMs: 60_000,
      everyMs: 2,
    });
  }

  leave(): void {
    for (const socket of this.#sockets) socket.disconnect();
  }
}

export async function subscribe(socket: Socket, channel: string, key: string): Promise<void> {
  const answer = reply.parse(await socket.timeout(30_000).emitWithAck('subscribe', { channel, key }));
  if (!answer.ok) throw new Error(`not subscribed: ${answer.error.code}`);
}

/** Starts the bare peer in a process of its own. */
export async function startPeer(): Promise<{ url: string; pid: number; emit(frame: unknown): void; stop(): void }> {
  const child: ChildProcess = fork(join(import.meta.dirname, 'bareServer.ts'), [], { execArgv: ['--import', 'tsx'] });
  const [message] = await once(child, 'message');
  const { port } = z.object({ port: z.int() }).parse(message);
  return {
    url: `http://127.0.0.1:${port}`,
    pid: child.pid ?? 0,
    emit: (frame) => void child.send({ frame }),
    stop: () => void child.kill('SIGKILL'),
  };
}
