import { connect, createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { FrameReader } from './wsFrames.ts';

/** One TCP connection that went through a relay: every byte of either direction. */
interface Recorded {
  readonly up: Buffer[];
  readonly down: Buffer[];
}

/** A wire tap: clients connect to `url`, everything goes on to the target and is kept, below HTTP, WebSocket and Socket.IO. */
export interface Relay {
  readonly url: string;
  /** All that the server sent, WebSocket frames unwrapped. */
  down(): string;
  /** All that clients sent, WebSocket frames unmasked. */
  up(): string;
  /** Lets nothing more through and closes nothing: each side believes that the other is still there. */
  freeze(): void;
  close(): Promise<void>;
}

export async function createRelay(target: string): Promise<Relay> {
  const { hostname, port } = new URL(target);
  const connections: Recorded[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const record: Recorded = { up: [], down: [] };
    connections.push(record);
    const upstream = connect(Number(port), hostname);
    const ends: [Socket, Socket, Buffer[]][] = [
      [client, upstream, record.up],
      [upstream, client, record.down],
    ];
    for (const [from, to, kept] of ends) {
      sockets.add(from);
      from.on('data', (chunk: Buffer) => {
        kept.push(chunk);
        to.write(chunk);
      });
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.end();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('the relay has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    down: () => connections.map(({ down }) => plain(Buffer.concat(down))).join('\n'),
    up: () => connections.map(({ up }) => plain(Buffer.concat(up))).join('\n'),
    freeze: () => {
      for (const socket of sockets) socket.pause();
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** A connection's bytes as text: after an upgrade the frames' payloads, else as they are. */
function plain(bytes: Buffer): string {
  const end = bytes.indexOf('\r\n\r\n');
  const head = bytes.subarray(0, end < 0 ? bytes.length : end).toString('latin1');
  if (end < 0 || !/^(HTTP\/1.1 101|GET \/socket\.io\/)/.test(head)) return bytes.toString('utf8');
  const reader = new FrameReader();
  reader.push(bytes.subarray(end + 4));
  return [head, ...reader.frames.map((frame) => frame.payload.toString('utf8'))].join('\n');
}
