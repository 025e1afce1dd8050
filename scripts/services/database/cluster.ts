import { openSync, closeSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import type { StepLog } from '../../support/log.ts';
import { run } from '../../support/run.ts';
import { SetupError } from '../../support/SetupError.ts';
import { lockedExit, signalProgram, spawnInSandbox, type Sandbox } from './sandbox.ts';
import type { Started } from './Service.ts';
import { engineUid } from './tree.ts';

/**
 * Durable first: every commit is on disk before it is answered. Small: made for two cores and a laptop's memory. Silent about
 * contents: PostgreSQL quotes statements and values in its log, which here would be patients' data.
 */
const settings = `
listen_addresses = ''
unix_socket_directories = '/run/postgresql'
unix_socket_permissions = 0700
max_connections = 60
superuser_reserved_connections = 3

fsync = on
synchronous_commit = on
full_page_writes = on
wal_level = minimal
max_wal_senders = 0
wal_compression = lz4
max_wal_size = 512MB
min_wal_size = 64MB
checkpoint_timeout = 10min
checkpoint_completion_target = 0.9

shared_buffers = 128MB
work_mem = 8MB
maintenance_work_mem = 64MB
effective_cache_size = 512MB
max_worker_processes = 4
max_parallel_workers_per_gather = 0
jit = off
io_method = sync
autovacuum_max_workers = 2
autovacuum_naptime = 30s

logging_collector = off
log_min_messages = fatal
log_min_error_statement = panic
log_error_verbosity = terse
log_checkpoints = off

# Writers of one unique key at once can deadlock; the gateway runs the losers again, so find out soon.
deadlock_timeout = 30ms
documentdb.throwDeadlockOnCRUD = on

shared_preload_libraries = 'pg_cron,pg_documentdb_core,pg_documentdb'
cron.database_name = 'postgres'
# Its jobs poll every two seconds; the gateway runs the two that matter once a minute.
cron.launch_active_jobs = off
documentdb.enableBackgroundWorker = off
# Collections are created over a connection of the engine to itself.
documentdb.localhost_connection_string = 'host=/run/postgresql'
# Cursors live in files, not in connections, so that any pooled connection can continue them.
documentdb.useFileBasedPersistedCursors = on
documentdb.defaultCursorExpiryTimeLimitSeconds = 900
`;

/** Only the engine's own user and root can reach the socket's folder, and they could read the data files as well. */
const access = 'local all all trust\n';

/** A PostgreSQL data folder, run in the sandbox. */
export class Cluster {
  readonly #sandbox: Sandbox;
  readonly #dataDir: string;

  private constructor(sandbox: Sandbox, dataDir: string) {
    this.#sandbox = sandbox;
    this.#dataDir = dataDir;
  }

  get socketDir(): string {
    return this.#sandbox.socketDir;
  }

  /** Prepares the folders. `dataDir` is the service's data folder; the engine sees only `dataDir/documentdb`. */
  static async open(tree: string, dataDir: string): Promise<Cluster> {
    const data = join(dataDir, 'documentdb');
    await mkdir(data, { recursive: true });
    const lockFile = join(dataDir, 'engine.lock');
    const socketDir = await socketFolder(dataDir);
    await own(data);
    await own(socketDir);
    await chmod(data, 0o700);
    await chmod(socketDir, 0o700);
    return new Cluster({ tree, data, socketDir, lockFile }, dataDir);
  }

  async #exists(): Promise<boolean> {
    return stat(join(this.#sandbox.data, 'cluster', 'PG_VERSION')).then(
      () => true,
      () => false,
    );
  }

  /**
   * Creates the cluster when there is none, as a copy of `template` if that is given, and brings its settings up to this version.
   * A half-made cluster is never seen: it gets its name when it is on disk.
   */
  async prepare(log: StepLog, template?: string): Promise<void> {
    const folder = join(this.#sandbox.data, 'cluster');
    if (!(await this.#exists())) {
      log.step('creating the database');
      const fresh = join(this.#sandbox.data, 'cluster.new');
      await rm(fresh, { recursive: true, force: true });
      if (template === undefined) await this.#initialise(fresh);
      else await this.#copy(template, fresh);
      await rename(fresh, folder);
    }
    await writeFile(join(folder, 'nadi.conf'), settings.trimStart());
    await writeFile(join(folder, 'pg_hba.conf'), access);
    await own(join(folder, 'nadi.conf'));
  }

  async #initialise(fresh: string): Promise<void> {
    const locale = ['--encoding=UTF8', '--locale=C.UTF-8', '--auth=trust'];
    await this.#run(['initdb', '--pgdata=/data/cluster.new', '--username=postgres', ...locale]);
    const conf = join(fresh, 'postgresql.conf');
    await writeFile(conf, `${await readFile(conf, 'utf8')}\ninclude 'nadi.conf'\n`);
  }

  async #copy(template: string, fresh: string): Promise<void> {
    const copied = await run('cp', ['--archive', '--reflink=auto', template, fresh]);
    if (copied.code !== 0) throw cannotRun(copied.stderr);
    await this.#run(['initdb', '--pgdata=/data/cluster.new', '--sync-only']);
  }

  /** Runs a program of the tree to its end. */
  async #run(program: readonly string[]): Promise<void> {
    const child = spawnInSandbox(this.#sandbox, program, 'pipe').process;
    let said = '';
    child.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
    child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
    const code = await new Promise<number>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (exit) => {
        resolve(exit ?? 128);
      });
    });
    if (code === lockedExit) throw inUse(this.#dataDir);
    if (code !== 0) throw cannotRun(said);
  }

  /** Starts the server; `ready` when it accepts connections (after crash recovery, if there is any to do). */
  async launch(): Promise<Started> {
    const path = join(this.#dataDir, 'engine.log');
    const output = openSync(path, 'w', 0o600);
    const { process: child, init } = spawnInSandbox(this.#sandbox, ['postgres', '-D', '/data/cluster'], output);
    closeSync(output);
    return {
      process: child,
      ready: this.#ready(init, path, () => child.exitCode),
      // A fast shutdown: running statements are ended, everything is written.
      stop: () => void init.then((pid) => signalProgram(pid, 'SIGINT')).catch(() => child.kill('SIGKILL')),
    };
  }

  async #ready(init: Promise<number>, logPath: string, exitCode: () => number | null): Promise<void> {
    await init.catch(async () => {
      if (exitCode() === lockedExit) throw inUse(this.#dataDir);
      throw cannotRun(await readFile(logPath, 'utf8').catch(() => ''));
    });
    const deadline = Date.now() + 60_000;
    while (Date.now() < deadline) {
      if (exitCode() !== null) throw cannotRun(await readFile(logPath, 'utf8').catch(() => ''));
      if (await this.#query('SELECT 1').catch(() => undefined)) return;
      await delay(30);
    }
    throw new SetupError('The database engine did not answer within a minute', `Look into ${logPath}.`);
  }

  /** Installs the extension, or brings it up to the version in the tree. */
  async installExtension(): Promise<void> {
    const rows = await this.#query(
      `SELECT installed_version, default_version FROM pg_available_extensions WHERE name = 'documentdb'`,
    );
    const [row] = rows;
    if (row?.['installed_version'] === null) await this.#query('CREATE EXTENSION documentdb CASCADE');
    else if (row?.['installed_version'] !== row?.['default_version']) {
      await this.#query('ALTER EXTENSION documentdb_core UPDATE');
      await this.#query('ALTER EXTENSION documentdb UPDATE');
    }
  }

  async #query(text: string): Promise<Record<string, unknown>[]> {
    const client = new Client({ host: this.socketDir, port: 5432, user: 'postgres', database: 'postgres' });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return (await client.query<Record<string, unknown>>(text)).rows;
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  /** Removes a socket folder outside the data folder; the one inside may by now belong to another run. */
  async close(): Promise<void> {
    if (this.#sandbox.socketDir.startsWith(this.#dataDir)) return;
    await rm(this.#sandbox.socketDir, { recursive: true, force: true });
  }
}

/** Where the engine's socket goes: the data folder, unless its path is too long for one (108 bytes with the final zero). */
async function socketFolder(dataDir: string): Promise<string> {
  const inside = join(dataDir, 'run');
  if (Buffer.byteLength(join(inside, '.s.PGSQL.5432')) > 107) return mkdtemp(join(tmpdir(), 'nadi-db-'));
  await mkdir(inside, { recursive: true, mode: 0o700 });
  return inside;
}

async function own(path: string): Promise<void> {
  if (process.getuid?.() === 0) await chown(path, engineUid, engineUid);
}

function inUse(dataDir: string): SetupError {
  return new SetupError(
    `The data folder ${dataDir} is in use by another running Nadi`,
    'Stop that one first, or choose another data folder with NADI_DATA.',
  );
}

function cannotRun(said: string): SetupError {
  const line = said.trim().split('\n').at(-1) ?? '';
  return new SetupError(
    `The database engine could not be started${line === '' ? '' : `: ${line}`}`,
    'It needs user namespaces (or root with CAP_SYS_ADMIN) and a writable data folder; or set MONGODB_URI to a MongoDB server.',
  );
}
