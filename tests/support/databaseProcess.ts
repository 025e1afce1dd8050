import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { until } from './until.ts';

const said = z.union([
  z.object({ uri: z.string() }),
  z.object({ error: z.string() }),
  z.object({ pids: z.object({ engine: z.int().optional(), gateway: z.int().optional() }) }),
]);
type Said = z.infer<typeof said>;

/** A database that can be killed like a machine that loses power: all its processes at once. */
export interface DatabaseProcess {
  readonly uri: string;
  readonly port: number;
  pids(): Promise<{ engine?: number | undefined; gateway?: number | undefined }>;
  /** `kill -9` of its supervisor, the engine and the gateway; waits until none is left. */
  killAll(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts one on its data folder. After a kill the folder's lock may be held for a moment: asked again until it is free. */
export async function startDatabaseProcess(dataDir: string, port = 0): Promise<DatabaseProcess> {
  for (let tries = 0; ; tries++) {
    const started = await launch(dataDir, port);
    if ('killAll' in started) return started;
    if (tries >= 20) throw new Error(`the database did not start: ${started.error}`);
    await delay(250);
  }
}

async function launch(dataDir: string, port: number): Promise<DatabaseProcess | { error: string }> {
  const child = fork(join(import.meta.dirname, 'databaseMain.ts'), [dataDir, String(port)], {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const gone = once(child, 'exit');
  const next = async (): Promise<Said> => {
    const [message] = await Promise.race([once(child, 'message'), gone.then(() => [{ error: 'it ended' }])]);
    return said.parse(message);
  };
  const first = await next();
  if (!('uri' in first)) {
    await gone;
    return { error: 'error' in first ? first.error : 'no address' };
  }
  const pids = async () => {
    const answer = next();
    child.send('pids');
    const message = await answer;
    return 'pids' in message ? message.pids : {};
  };
  return {
    uri: first.uri,
    port: Number(new URL(first.uri).port),
    pids,
    killAll: async () => {
      const { engine, gateway } = await pids();
      const all = [child.pid, engine, gateway].filter((pid) => pid !== undefined);
      for (const pid of all) kill(pid);
      await gone;
      await until('every database process to be gone', () => !all.some(isAlive));
    },
    stop: async () => {
      child.send('stop');
      const force = setTimeout(() => child.kill('SIGKILL'), 20_000);
      await gone;
      clearTimeout(force);
    },
  };
}

export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It was faster.
  }
}

/** True while the process runs; one that has ended and only waits to be collected holds nothing any more. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !existsSync('/proc/self/stat') || !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
