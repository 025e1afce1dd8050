import { connect, type Socket } from 'node:net';
import { randomBytes } from 'node:crypto';
import { FrameReader } from './wsFrames.ts';

/** What a server sent on a plain TCP connection until it closed it, or until `quietMs` passed. */
export async function rawExchange(
  url: string,
  bytes: string | Buffer,
  { timeoutMs = 15_000, end = false } = {},
): Promise<string> {
  const { hostname, port } = new URL(url);
  return await new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let text = '';
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`no end within ${timeoutMs} ms; so far: ${text.slice(0, 200)}`));
    }, timeoutMs);
    socket.on('data', (chunk) => (text += chunk.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(text);
    });
    socket.on('connect', () => {
      socket.write(bytes);
      if (end) socket.end();
    });
  });
}

/** A WebSocket without a library, to send what no library would. */
export class RawWebSocket {
  readonly socket: Socket;
  readonly #reader = new FrameReader();
  #gone = false;

  private constructor(socket: Socket) {
    this.socket = socket;
  }

  /** Opens the engine.io WebSocket; resolves when the server has switched protocols. */
  static async open(
    url: string,
    path = '/socket.io/?EIO=4&transport=websocket',
    headers: Readonly<Record<string, string>> = {},
  ): Promise<RawWebSocket> {
    const more = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const { hostname, port, host } = new URL(url);
    const socket = connect(Number(port), hostname);
    const raw = new RawWebSocket(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => (raw.#gone = true));
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n${more.join('')}\r\n`,
    );
    await new Promise<void>((resolve, reject) => {
      let head = '';
      const look = (chunk: Buffer): void => {
        head += chunk.toString('latin1');
        if (!head.includes('\r\n\r\n')) return;
        socket.off('data', look);
        socket.on('data', (more: Buffer) => raw.#reader.push(more));
        raw.#reader.push(Buffer.from(head.slice(head.indexOf('\r\n\r\n') + 4), 'latin1'));
        if (head.startsWith('HTTP/1.1 101')) resolve();
        else reject(new Error(head.split('\r\n')[0]));
      };
      socket.on('data', look);
      socket.once('close', () => reject(new Error('closed before the upgrade')));
    });
    return raw;
  }

  /** Everything the server said so far, one line per frame. */
  get received(): string {
    return this.#reader.texts().join('\n');
  }

  /** The server hung up: the connection is gone, or it said so (a close frame; it then waits for ours). */
  get closed(): boolean {
    return this.#gone || this.#reader.frames.some((frame) => frame.opcode === 8) || /^(1|41)$/m.test(this.received);
  }

  text(text: string, mask = true): void {
    this.frame(0x1, Buffer.from(text), { mask });
  }

  /** One frame with whatever opcode, length and masking. */
  frame(opcode: number, payload: Buffer, { mask = true, fin = true, length = payload.length } = {}): void {
    const first = Buffer.from([(fin ? 0x80 : 0) | opcode]);
    const bit = mask ? 0x80 : 0;
    let size: Buffer;
    if (length < 126) size = Buffer.from([bit | length]);
    else if (length < 65_536) size = Buffer.from([bit | 126, length >> 8, length & 255]);
    else {
      size = Buffer.alloc(9);
      size[0] = bit | 127;
      size.writeBigUInt64BE(BigInt(length), 1);
    }
    const key = randomBytes(4);
    const body = mask ? Buffer.from(payload.map((byte, i) => byte ^ (key[i % 4] ?? 0))) : payload;
    this.socket.write(Buffer.concat([first, size, ...(mask ? [key] : []), body]));
  }

  close(): void {
    this.socket.destroy();
  }
}
