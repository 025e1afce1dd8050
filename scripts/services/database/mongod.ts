import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, closeSync } from 'node:fs';
import { access, constants, mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { StepLog } from '../../support/log.ts';
import { freePort } from '../../support/ports.ts';
import { run } from '../../support/run.ts';
import { messageOf, SetupError } from '../../support/SetupError.ts';
import type { RunningEngine } from './index.ts';
import { cacheFolder } from './paths.ts';
import { Service, type Started } from './Service.ts';

const downloadHost = 'https://fastdl.mongodb.org/';
const reachableWithinMs = 3_000;
/** How long an unreachable download host is not asked again. */
const rememberMs = 6 * 3_600_000;
const Memory = z.object({ unreachableUntil: z.number() });

/** A `mongod` on PATH, or undefined. */
export async function findMongod(env: NodeJS.ProcessEnv = process.env): Promise<string | undefined> {
  for (const folder of (env['PATH'] ?? '').split(delimiter).filter(Boolean)) {
    const path = join(folder, 'mongod');
    const runnable = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (runnable) return path;
  }
  return undefined;
}

/**
 * A `mongod` from the cache, downloaded when it is not there; undefined when the download host does not answer within
 * three seconds (remembered for six hours) or has nothing for this system.
 */
export async function downloadMongod(log: StepLog, now: () => number = Date.now): Promise<string | undefined> {
  const folder = join(cacheFolder(), 'mongod');
  const memory = join(folder, 'unreachable.json');
  const { DryMongoBinary } = await import('mongodb-memory-server-core/lib/util/DryMongoBinary.js');
  const cached = await DryMongoBinary.generateOptions({ downloadDir: folder })
    .then((options) => DryMongoBinary.locateBinary(options))
    .catch(() => undefined);
  if (cached !== undefined) return cached;
  if ((await remembered(memory)) > now()) return undefined;
  await mkdir(folder, { recursive: true });
  const reachable = await fetch(downloadHost, { method: 'HEAD', signal: AbortSignal.timeout(reachableWithinMs) }).then(
    () => true,
    () => false,
  );
  if (!reachable) {
    await writeFile(memory, JSON.stringify({ unreachableUntil: now() + rememberMs }));
    return undefined;
  }
  log.step('downloading MongoDB (once)');
  const { MongoBinary } = await import('mongodb-memory-server-core/lib/util/MongoBinary.js');
  return MongoBinary.getPath({ downloadDir: folder }).catch((error: unknown) => {
    log.info(`MongoDB could not be downloaded: ${messageOf(error)}`);
    return undefined;
  });
}

async function remembered(memory: string): Promise<number> {
  try {
    return Memory.parse(JSON.parse(await readFile(memory, 'utf8'))).unreachableUntil;
  } catch {
    return 0;
  }
}

/** Starts a `mongod`: one node, journaled, loopback only. */
export async function startMongod(
  binary: string,
  dataDir: string,
  wanted: number,
  log: StepLog,
): Promise<RunningEngine> {
  const version = /v(\d+\.\d+)\.\d+/.exec((await run(binary, ['--version'])).stdout);
  const folder = join(dataDir, 'mongod');
  await mkdir(folder, { recursive: true });
  const port = wanted === 0 ? await freePort() : wanted;
  const service = new Service(
    'mongod',
    async () => launch(binary, folder, port),
    (line) => log.info(line),
  );
  await service.start();
  return {
    version: `MongoDB ${version?.[0] ?? ''}`,
    generation: version?.[1] ?? 'unknown',
    port,
    stop: () => service.stop(30_000),
    pids: () => ({ engine: service.pid, gateway: undefined }),
  };
}

async function launch(binary: string, folder: string, port: number): Promise<Started> {
  const logPath = join(folder, '..', 'engine.log');
  const output = openSync(logPath, 'w', 0o600);
  const child = spawn(
    binary,
    ['--dbpath', folder, '--bind_ip', '127.0.0.1', '--port', String(port), '--wiredTigerCacheSizeGB', '0.5'],
    { stdio: ['ignore', output, output], detached: true },
  );
  closeSync(output);
  const failed = once(child, 'error');
  const answering = async (): Promise<void> => {
    const deadline = Date.now() + 60_000;
    while (Date.now() < deadline) {
      if (child.exitCode !== null) {
        throw new SetupError(`mongod ended with exit code ${child.exitCode}`, `Look into ${logPath}.`);
      }
      if (await answers(port)) return;
      await delay(100);
    }
    throw new SetupError('mongod did not answer within a minute', `Look into ${logPath}.`);
  };
  const broken = failed.then(([error]) => {
    throw new SetupError(`mongod could not be run: ${messageOf(error)}`, 'Check the file, or set MONGODB_URI.');
  });
  broken.catch(() => undefined);
  return { process: child, ready: Promise.race([answering(), broken]), stop: () => void child.kill('SIGTERM') };
}

async function answers(port: number): Promise<boolean> {
  const { MongoClient } = await import('mongodb'); // only here: loading it costs other starts a third of a second
  const client = new MongoClient(`mongodb://127.0.0.1:${port}/?directConnection=true`, {
    serverSelectionTimeoutMS: 500,
  });
  try {
    await client.db('admin').command({ ping: 1 });
    return true;
  } catch {
    return false;
  } finally {
    await client.close();
  }
}
