import { connect, type Socket } from 'node:net';
import { ByteQueue } from '../ByteQueue.ts';
import { dataRow, execute, MessageType, parse, startup, type Row, type Value } from './messages.ts';
import { ConnectionLost, SqlError } from './SqlError.ts';

interface Pending {
  resolve(rows: readonly Row[]): void;
  reject(error: Error): void;
  rows: Row[];
  error: SqlError | undefined;
  /** The statement's name while it is being prepared. */
  preparing: string | undefined;
}

/** One connection to PostgreSQL over a unix socket: one prepared statement at a time, each its own transaction. */
export class SqlConnection {
  readonly #socket: Socket;
  readonly #queue = new ByteQueue();
  readonly #prepared = new Set<string>();
  #pending: Pending | undefined;
  #closed = false;
  #ready = false;
  /** Milliseconds of the last use, for trimming idle ones. */
  lastUsed = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Connects and waits until the server is ready; rejects with a ConnectionLost or the server's SqlError. */
  static open(path: string, parameters: Record<string, string>): Promise<SqlConnection> {
    const socket = connect(path);
    const connection = new SqlConnection(socket);
    return new Promise((resolve, reject) => {
      connection.#pending = {
        resolve: () => {
          connection.#ready = true;
          resolve(connection);
        },
        reject,
        rows: [],
        error: undefined,
        preparing: undefined,
      };
      socket.once('connect', () => socket.write(startup(parameters)));
      socket.on('data', (chunk) => connection.#receive(chunk));
      socket.on('error', () => socket.destroy());
      socket.on('close', () => connection.#lost());
    });
  }

  /** Runs one statement; `name` stands for its text and is prepared once. Rejects with SqlError or ConnectionLost. */
  run(name: string, text: string, values: readonly Value[]): Promise<readonly Row[]> {
    return new Promise((resolve, reject) => {
      if (this.#closed || this.#pending !== undefined) {
        reject(new ConnectionLost(false, 'the connection cannot be used'));
        return;
      }
      const preparing = this.#prepared.has(name) ? undefined : name;
      this.#pending = { resolve, reject, rows: [], error: undefined, preparing };
      this.#socket.cork();
      if (preparing !== undefined) this.#socket.write(parse(name, text));
      for (const bytes of execute(name, values)) this.#socket.write(bytes);
      this.#socket.uncork();
    });
  }

  close(): void {
    this.#closed = true;
    this.#socket.end(Buffer.from([0x58, 0, 0, 0, 4])); // Terminate
  }

  #receive(chunk: Buffer): void {
    this.#queue.push(chunk);
    for (;;) {
      const head = this.#queue.peek(5);
      if (head === undefined) return;
      const message = this.#queue.take(1 + head.readInt32BE(1));
      if (message === undefined) return;
      this.#handle(message.readUInt8(0), message.subarray(5));
    }
  }

  #handle(type: number, body: Buffer): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    switch (type) {
      case MessageType.dataRow:
        pending.rows.push(dataRow(body));
        return;
      case MessageType.parseComplete:
        if (pending.preparing !== undefined) this.#prepared.add(pending.preparing);
        return;
      case MessageType.error:
        pending.error ??= SqlError.parse(body);
        return;
      case MessageType.authentication:
        // Only "ok" is expected on this socket.
        if (body.readInt32BE(0) !== 0) this.#socket.destroy();
        return;
      case MessageType.ready:
        this.#pending = undefined;
        if (pending.error === undefined) pending.resolve(pending.rows);
        else pending.reject(pending.error);
        return;
      default:
      // Notices, parameters, keys and completions carry nothing that is needed here.
    }
  }

  #lost(): void {
    this.#closed = true;
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.reject(new ConnectionLost(this.#ready, pending.error?.message ?? 'the connection was closed'));
  }
}
