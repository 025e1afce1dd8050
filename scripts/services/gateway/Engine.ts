import { join } from 'node:path';
import { Code, CommandError } from './errors.ts';
import type { Row, Value } from './sql/messages.ts';
import { SqlPool } from './sql/SqlPool.ts';
import { ConnectionLost, SqlError } from './sql/SqlError.ts';

export type { Row } from './sql/messages.ts';

export interface EngineOptions {
  /** Folder of the engine's unix socket. */
  socketDir: string;
  /** Most connections used for commands; administration has two more of its own. */
  connections: number;
  /** Longest a command may run, in milliseconds. */
  statementTimeoutMs: number;
}

/** Longest that administration (an index build, a drop) may run. */
const adminTimeoutMs = 600_000;

/**
 * The way to the engine: prepared, parameterised SQL over bounded pools. A connection lost before a statement went out becomes
 * ShutdownInProgress (nothing happened), one lost afterwards InterruptedAtShutdown (the outcome is unknown), as a stopping
 * mongod says it.
 */
export class Engine {
  readonly #pool: SqlPool;
  readonly #admin: SqlPool;

  constructor(options: EngineOptions) {
    this.#pool = createPool(options, options.connections, options.statementTimeoutMs);
    this.#admin = createPool(options, 2, adminTimeoutMs);
  }

  /** Runs one statement in its own transaction; `name` identifies the text, so that each backend parses it once. */
  run(name: string, text: string, values: readonly Value[]): Promise<readonly Row[]> {
    return this.#pool.run(name, text, values).catch(rethrow);
  }

  /** The same for what may take long and must not occupy the command pool. */
  runLong(name: string, text: string, values: readonly Value[]): Promise<readonly Row[]> {
    return this.#admin.run(name, text, values).catch(rethrow);
  }

  trim(): void {
    this.#pool.trim();
    this.#admin.trim();
  }

  close(): void {
    this.#pool.close();
    this.#admin.close();
  }
}

function createPool({ socketDir }: EngineOptions, most: number, timeoutMs: number): SqlPool {
  return new SqlPool({
    path: join(socketDir, '.s.PGSQL.5432'),
    most,
    parameters: {
      user: 'postgres',
      database: 'postgres',
      application_name: 'nadi-gateway',
      options: `-c statement_timeout=${timeoutMs} -c lock_timeout=20000 -c client_min_messages=error`,
    },
  });
}

function rethrow(error: unknown): never {
  // 57P: the server is going away (an administrator's command, a crash of another backend, a start in progress).
  const terminated = error instanceof SqlError && error.state.startsWith('57P');
  const lost = error instanceof ConnectionLost;
  if (!lost && !terminated) throw error;
  if (!lost || error.sent) {
    throw new CommandError(
      Code.InterruptedAtShutdown,
      'the engine was lost while the command ran; its outcome is unknown',
    );
  }
  throw new CommandError(Code.ShutdownInProgress, 'the engine cannot be reached');
}
