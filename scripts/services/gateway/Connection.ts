import type { Socket } from 'node:net';
import { execute } from './commands/index.ts';
import { encodeReply, FrameError, FrameReader, OpCode, parseMessage, parseQuery, type Command } from './frames.ts';
import type { Services } from './Request.ts';

/** Bytes that may wait unsent before the next command of this client is read. */
const highWater = 1 << 20;

/**
 * One client. Commands of a connection run one after another, in order, as in MongoDB; while one runs the socket is not read,
 * so that a client can have at most one message waiting here.
 */
export class Connection {
  readonly #socket: Socket;
  readonly #services: Services;
  readonly #id: number;
  readonly #reader = new FrameReader();
  #working = false;
  #closing = false;

  constructor(socket: Socket, services: Services, id: number) {
    this.#socket = socket;
    this.#services = services;
    this.#id = id;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => {
      this.#reader.push(chunk);
      if (!this.#working) void this.#work();
    });
    socket.on('error', () => socket.destroy());
  }

  /** Lets a running command finish and answer, then closes. */
  close(): void {
    this.#closing = true;
    if (!this.#working) this.#socket.end();
  }

  async #work(): Promise<void> {
    this.#working = true;
    this.#socket.pause();
    try {
      for (;;) {
        const command = this.#next();
        if (command === undefined) break;
        const document = await execute(command, this.#services, this.#id);
        if (!command.silent) await this.#send(encodeReply(command, document));
        if (this.#closing) this.#socket.end();
        if (this.#socket.destroyed || this.#closing) break;
      }
    } catch (error) {
      // Whoever does not speak the protocol is disconnected: a byte stream out of step has no way back.
      if (!(error instanceof FrameError))
        console.error('connection failed:', error instanceof Error ? error.name : 'unknown');
      this.#socket.destroy();
    } finally {
      this.#working = false;
      this.#socket.resume();
    }
  }

  #next(): Command | undefined {
    const frame = this.#reader.next();
    if (frame === undefined) return undefined;
    if (frame.opCode === OpCode.message) return parseMessage(frame);
    if (frame.opCode === OpCode.query) return parseQuery(frame);
    throw new FrameError(`unknown opcode ${frame.opCode}`);
  }

  async #send(bytes: Buffer): Promise<void> {
    if (this.#socket.destroyed || this.#socket.write(bytes) || this.#socket.writableLength < highWater) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.#socket.off('drain', done).off('close', done);
        resolve();
      };
      this.#socket.on('drain', done).on('close', done);
    });
  }
}
