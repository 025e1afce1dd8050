import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { build } from 'esbuild';
import { Remote } from './rpc.ts';
import type { Usage } from './usage.ts';

const root = join(import.meta.dirname, '..', '..', '..');
export type Program = 'hubServer' | 'bareServer' | 'wsServer' | 'crowdMain';

/** A process of the bench: answers calls, ends with it. */
export class BenchProcess {
  readonly remote: Remote;
  readonly pid: number;
  readonly #child: ChildProcess;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.pid = child.pid ?? 0;
    this.remote = new Remote(child);
  }

  usage(collect = false): Promise<Usage> {
    return this.remote.call<Usage>('usage', { collect });
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    const force = setTimeout(() => this.#child.kill('SIGKILL'), 10_000);
    this.#child.kill('SIGTERM');
    await gone;
    clearTimeout(force);
  }
}

/** A server among them, at its address. */
export class BenchServer extends BenchProcess {
  url = '';
}

/** Starts one of the programs beside this file, bundled as the product is, so that all start alike. */
export async function start(program: Program, env: Readonly<Record<string, string>> = {}): Promise<BenchProcess> {
  return new BenchProcess(await launch(program, env));
}

export async function startServer(program: Program, env: Readonly<Record<string, string>> = {}): Promise<BenchServer> {
  const server = new BenchServer(await launch(program, env));
  server.url = `http://127.0.0.1:${await server.remote.call<number>('ready')}`;
  return server;
}

async function launch(program: Program, env: Readonly<Record<string, string>>): Promise<ChildProcess> {
  const outfile = join(root, 'node_modules', '.cache', 'nadi', `bench-${program}-${process.pid}.mjs`);
  await build({
    absWorkingDir: root,
    entryPoints: [`tests/bench/support/${program}.ts`],
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'silent',
  });
  return spawn(process.execPath, ['--expose-gc', outfile], {
    cwd: root,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
}
