import { Socket as NetSocket } from 'node:net';
import type { Socket } from 'socket.io';

/** What we need of an Engine.IO connection and its WebSocket below the documented surface; checked before it is used. */
interface Pipe {
  readonly readyState: string;
  readonly transport: { readonly name: string; readonly writable: boolean };
  readonly writeBuffer: readonly { readonly data?: unknown }[];
}

/** A frame ready for every socket of a room: encoded once, header and payload in one piece. */
export interface Frame {
  /** The Socket.IO packet. */
  readonly text: string;
  /** The whole WebSocket frame around it. */
  readonly bytes: Buffer;
}

/** Encodes an event for the default namespace. The data must be plain JSON: no binary, no acknowledgement. */
export function frameOf(event: string, data: unknown): Frame {
  const text = `2${JSON.stringify([event, data])}`;
  // "4" is Engine.IO's type of a message.
  const length = Buffer.byteLength(text) + 1;
  const head = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const bytes = Buffer.allocUnsafe(head + length);
  bytes[0] = 0x81; // one final text frame
  if (head === 2) bytes[1] = length;
  else if (head === 4) {
    bytes[1] = 126;
    bytes.writeUInt16BE(length, 2);
  } else {
    bytes[1] = 127;
    bytes.writeBigUInt64BE(BigInt(length), 2);
  }
  bytes[head] = 0x34;
  bytes.write(text, head + 1);
  return { text, bytes };
}

/**
 * One connected socket as bytes are written to it. A frame goes to the network socket directly when nothing is waiting
 * before it: that skips Engine.IO's packet, buffer and event per socket, a quarter of a delivery's cost (decision 0007).
 * In every other case Engine.IO queues it, so that order holds.
 */
export class Line {
  readonly socket: Socket;
  readonly #pipe: Pipe | null;
  #transport: Pipe['transport'] | null = null;
  #net: NetSocket | null = null;

  constructor(socket: Socket) {
    this.socket = socket;
    const conn: unknown = socket.conn;
    this.#pipe = isPipe(conn) ? conn : null;
  }

  /** False when the reader is behind: what waits has grown past what the network socket likes to hold. */
  send({ text, bytes }: Frame): boolean {
    const pipe = this.#pipe;
    if (pipe && pipe.transport !== this.#transport) this.#bind(pipe);
    if (pipe && this.#net && pipe.transport.writable && pipe.writeBuffer.length === 0) {
      return pipe.readyState !== 'open' || !this.#net.writable || this.#net.write(bytes);
    }
    const { conn } = this.socket;
    if (conn.readyState !== 'open') return true;
    // An option Engine.IO knows and its types do not.
    const prepared = { compress: false, wsPreEncodedFrame: [bytes] };
    conn.write(text, prepared);
    return pipe === null || pipe.writeBuffer.length < 16;
  }

  /** Bytes that wait in this process for the reader; what the kernel holds is not among them. */
  get waiting(): number {
    const pipe = this.#pipe;
    if (!pipe) return 0;
    if (pipe.transport !== this.#transport) this.#bind(pipe);
    if (this.#net?.destroyed === true) return 0;
    let bytes = this.#net?.writableLength ?? 0;
    for (const { data } of pipe.writeBuffer) bytes += typeof data === 'string' ? data.length : 0;
    return bytes;
  }

  /** Ends it at once and drops what waits: a goodbye would only queue behind it. */
  cut(): void {
    if (this.#net) this.#net.destroy();
    else this.socket.disconnect(true);
  }

  #bind(pipe: Pipe): void {
    this.#transport = pipe.transport;
    this.#net = netSocketOf(pipe.transport);
  }
}

function isPipe(conn: unknown): conn is Pipe {
  return (
    typeof conn === 'object' &&
    conn !== null &&
    'readyState' in conn &&
    'transport' in conn &&
    'writeBuffer' in conn &&
    Array.isArray(conn.writeBuffer)
  );
}

function netSocketOf(transport: Pipe['transport']): NetSocket | null {
  if (transport.name !== 'websocket' || !('socket' in transport)) return null;
  const { socket } = transport;
  if (typeof socket !== 'object' || socket === null || !('_socket' in socket)) return null;
  return socket._socket instanceof NetSocket ? socket._socket : null;
}
