import { setTimeout as delay } from 'node:timers/promises';
import type { Row, Value } from './messages.ts';
import { SqlConnection } from './SqlConnection.ts';
import { ConnectionLost } from './SqlError.ts';

export interface PoolOptions {
  /** The unix socket. */
  path: string;
  /** Most connections at once. */
  most: number;
  parameters: Record<string, string>;
}

const idleMs = 60_000;
/** How long a statement waits for a server that is starting or restarting. */
const reconnectMs = 10_000;
const retryMs = 40;

/** A bounded set of connections. Statements beyond it wait in line, in order; the last used connection is used next. */
export class SqlPool {
  readonly #options: PoolOptions;
  readonly #idle: SqlConnection[] = [];
  readonly #waiting: (() => void)[] = [];
  #open = 0;
  #closed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  async run(name: string, text: string, values: readonly Value[]): Promise<readonly Row[]> {
    if (this.#open >= this.#options.most) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#open++;
    let connection: SqlConnection | undefined;
    try {
      connection = await this.#connection();
      return await connection.run(name, text, values);
    } finally {
      if (connection !== undefined && !connection.closed) {
        connection.lastUsed = Date.now();
        this.#idle.push(connection);
      }
      const next = this.#waiting.shift();
      if (next === undefined) this.#open--;
      else next();
    }
  }

  async #connection(): Promise<SqlConnection> {
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) if (!idle.closed) return idle;
    const deadline = Date.now() + reconnectMs;
    for (;;) {
      try {
        if (this.#closed) throw new ConnectionLost(false, 'closing');
        return await SqlConnection.open(this.#options.path, this.#options.parameters);
      } catch (error) {
        const reason = error instanceof Error ? error.message : 'unknown';
        if (this.#closed || Date.now() >= deadline) throw new ConnectionLost(false, reason);
        await delay(retryMs);
      }
    }
  }

  /** Closes connections that nobody used for a minute. */
  trim(): void {
    const before = Date.now() - idleMs;
    for (const connection of this.#idle.splice(0)) {
      if (connection.closed) continue;
      if (connection.lastUsed < before) connection.close();
      else this.#idle.push(connection);
    }
  }

  close(): void {
    this.#closed = true;
    for (const connection of this.#idle.splice(0)) connection.close();
  }
}
