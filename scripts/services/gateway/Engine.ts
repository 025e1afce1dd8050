import { Pool, type PoolClient, type PoolConfig } from 'pg';
import { z } from 'zod';
import { Code, CommandError } from './errors.ts';

export interface EngineOptions {
  /** Folder of the engine's unix socket. */
  socketDir: string;
  /** Most connections used for commands; administration has two more of its own. */
  connections: number;
  /** Longest a command may run, in milliseconds. */
  statementTimeoutMs: number;
}

export type Value = string | Buffer | readonly string[] | null;
/** One row, columns in order: BSON as bytes, everything else as PostgreSQL's text. */
export type Row = readonly (Buffer | string | null)[];

const Failure = z.object({ code: z.string() });
const unreachable = new Set(['ENOENT', 'ECONNREFUSED', 'ECONNRESET', '57P03', '53300']);
/** Longest that administration (an index build, a drop) may run. */
const adminTimeoutMs = 600_000;

/**
 * The way to the engine: prepared, parameterised SQL over a bounded pool. A connection that was lost before a statement went out
 * becomes ShutdownInProgress (nothing happened), one lost afterwards InterruptedAtShutdown (the outcome is unknown), as a
 * stopping mongod says it.
 */
export class Engine {
  readonly #pool: Pool;
  readonly #admin: Pool;

  constructor(options: EngineOptions) {
    this.#pool = createPool(options, options.connections, options.statementTimeoutMs);
    this.#admin = createPool(options, 2, adminTimeoutMs);
  }

  /** Runs one statement in its own transaction; `name` identifies the text, so that each backend parses it once. */
  async run(name: string, text: string, values: readonly Value[]): Promise<readonly Row[]> {
    return this.#run(this.#pool, name, text, values);
  }

  /** The same for what may take long and must not occupy the command pool. */
  async runLong(name: string, text: string, values: readonly Value[]): Promise<readonly Row[]> {
    return this.#run(this.#admin, name, text, values);
  }

  async #run(pool: Pool, name: string, text: string, values: readonly Value[]): Promise<readonly Row[]> {
    let client: PoolClient;
    try {
      client = await pool.connect();
    } catch (error) {
      throw new CommandError(
        Code.ShutdownInProgress,
        `the engine cannot be reached (${stateOf(error) ?? 'no answer'})`,
      );
    }
    try {
      const result = await client.query<(Buffer | string | null)[]>({
        name,
        text,
        values: [...values],
        rowMode: 'array',
        types: { getTypeParser: () => decode },
      });
      client.release();
      return result.rows;
    } catch (error) {
      const state = stateOf(error);
      const lost = state === undefined || unreachable.has(state) || state.startsWith('57P');
      client.release(lost);
      if (!lost) throw error;
      throw new CommandError(
        Code.InterruptedAtShutdown,
        'the engine was lost while the command ran; its outcome is unknown',
      );
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#pool.end(), this.#admin.end()]);
  }
}

function createPool(options: EngineOptions, max: number, timeoutMs: number): Pool {
  const config: PoolConfig = {
    host: options.socketDir,
    port: 5432,
    user: 'postgres',
    database: 'postgres',
    max,
    idleTimeoutMillis: 60_000,
    connectionTimeoutMillis: 15_000,
    application_name: 'nadi-gateway',
    options: `-c statement_timeout=${timeoutMs} -c lock_timeout=20000 -c client_min_messages=error`,
  };
  const pool = new Pool(config);
  // An idle connection that dies is dropped from the pool by pg; the next command opens another.
  pool.on('error', () => undefined);
  return pool;
}

function decode(text: string | Buffer): string | Buffer {
  if (typeof text !== 'string') return text;
  return text.startsWith('BSONHEX') ? Buffer.from(text.slice(7), 'hex') : text;
}

function stateOf(error: unknown): string | undefined {
  return Failure.safeParse(error).data?.code;
}
