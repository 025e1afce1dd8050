import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { bundle } from './bundle.ts';
import { until } from './until.ts';

const root = join(import.meta.dirname, '..', '..');
const listening = z.object({ msg: z.literal('hub is listening'), port: z.int() });

/** A hub as its own process, so that it can be killed. */
export interface HubProcess {
  readonly url: string;
  readonly pid: number;
  /** False once it has ended, for whatever reason. */
  running(): boolean;
  /** The newest lines it logged, for a failure's message. */
  log(): readonly string[];
  /** Sends a signal and waits until the process is gone. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Asks it to stop and waits; kills it when it does not. */
  close(): Promise<void>;
}

/** The hub in one file; see {@link bundle}. Returns the file's path. */
export async function bundleHub(): Promise<string> {
  return (await bundle('server/main.ts', 'hub')).file;
}

/**
 * Starts `server/main.ts` (or a bundle of it) on a random port and waits until it listens.
 * @param file a bundle of it.
 * @param env see `hubEnvironment`; nothing else of this process's environment is passed on.
 */
export async function startHubProcess(env: Readonly<Record<string, string>>, file?: string): Promise<HubProcess> {
  const args = file === undefined ? ['--import', 'tsx', join(root, 'server/main.ts')] : ['--enable-source-maps', file];
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { PATH: process.env['PATH'], ...env, PORT: '0', LOG_LEVEL: 'info' },
    // The channel's end tells the hub that we are gone, so that a killed test run leaves none behind.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const lines: string[] = [];
  let port: number | null = null;
  const keep = (line: string): void => {
    lines.push(line);
    if (lines.length > 200) lines.shift();
    const said = listening.safeParse(parse(line));
    if (said.success) port = said.data.port;
  };
  for (const output of [child.stdout, child.stderr]) if (output) createInterface({ input: output }).on('line', keep);
  const running = (): boolean => child.exitCode === null && child.signalCode === null;
  const kill = async (signal: NodeJS.Signals = 'SIGKILL'): Promise<void> => {
    if (!running()) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  };
  try {
    await until('the hub to listen or to end', () => port !== null || !running(), { timeoutMs: 90_000 });
    if (port === null) throw new Error('it ended');
    return {
      url: `http://127.0.0.1:${String(port)}`,
      pid: child.pid ?? 0,
      running,
      log: () => lines,
      kill,
      close: async () => {
        const force = setTimeout(() => child.kill('SIGKILL'), 10_000);
        await kill('SIGTERM');
        clearTimeout(force);
      },
    };
  } catch (error) {
    await kill();
    throw new Error(`the hub did not start:\n${lines.join('\n')}`, { cause: error });
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
