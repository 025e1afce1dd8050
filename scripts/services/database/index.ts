import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { StepLog } from '../../support/log.ts';
import { startDocumentdb } from './documentdb.ts';
import { readRecord, writeRecord, wrongEngine, type EngineKind, type EngineRecord } from './engineRecord.ts';
import { downloadMongod, findMongod, startMongod } from './mongod.ts';

export interface Pids {
  /** The engine's process (the sandbox around it, or mongod): killing it kills everything of the engine. */
  engine: number | undefined;
  /** The gateway in front of the DocumentDB engine. */
  gateway: number | undefined;
}

export interface Database {
  /** For MONGODB_URI. Stays the same while the database runs, also over restarts of its processes. */
  uri: string;
  /** For people: which engine this is, with versions. */
  engine: string;
  stop(): Promise<void>;
  /** The processes of this moment; a process that is being restarted is undefined. */
  pids(): Pids;
}

/** What a kind of engine returns when it runs. */
export interface RunningEngine {
  version: string;
  /** Its on-disk generation. */
  generation: string;
  port: number;
  stop(): Promise<void>;
  pids(): Pids;
}

export interface DatabaseOptions {
  /** The database's own folder; it records which engine wrote it. */
  dataDir: string;
  log: StepLog;
  /** 0, the default, takes any free port. Always loopback. */
  port?: number;
}

/**
 * Starts a durable database for a machine without MONGODB_URI: a `mongod` of the machine, else a downloaded one, else the
 * DocumentDB engine behind our gateway. A folder with data is only ever opened by the engine that wrote it. The processes are
 * restarted when they die; they die with this process. Throws SetupError.
 */
export async function startDatabase({ dataDir: folder, log, port = 0 }: DatabaseOptions): Promise<Database> {
  const dataDir = resolve(folder);
  await mkdir(dataDir, { recursive: true });
  const record = await readRecord(dataDir);
  const engine = await start(dataDir, port, record, log);
  return {
    uri: `mongodb://127.0.0.1:${engine.running.port}/?directConnection=true`,
    engine: engine.running.version,
    stop: () => engine.running.stop(),
    pids: () => engine.running.pids(),
  };
}

async function start(
  dataDir: string,
  port: number,
  record: EngineRecord | undefined,
  log: StepLog,
): Promise<{ kind: EngineKind; running: RunningEngine }> {
  if (record?.engine !== 'documentdb') {
    const binary = (await findMongod()) ?? (await downloadMongod(log));
    if (binary !== undefined) {
      const running = await startMongod(binary, dataDir, port, log);
      return remember(dataDir, record, 'mongod', running);
    }
    if (record !== undefined) throw wrongEngine(dataDir, record, 'there is no mongod and it cannot be downloaded');
  }
  if (record !== undefined && record.version !== '18') {
    throw wrongEngine(dataDir, record, 'this version of Nadi carries generation 18');
  }
  const running = await startDocumentdb(dataDir, port, log);
  return remember(dataDir, record, 'documentdb', running);
}

async function remember(
  dataDir: string,
  record: EngineRecord | undefined,
  kind: EngineKind,
  running: RunningEngine,
): Promise<{ kind: EngineKind; running: RunningEngine }> {
  if (record === undefined) {
    const created = { engine: kind, version: running.generation, createdAt: new Date().toISOString() };
    await writeRecord(dataDir, created);
  }
  return { kind, running };
}
