import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { seconds, type Write } from '../support/log.ts';
import { ROOT } from '../support/paths.ts';
import { messageOf } from '../support/SetupError.ts';
import { NONE, tallyOf, type Tally } from './tally.ts';

/** How one step of the verification ended. */
export interface Outcome {
  name: string;
  ok: boolean;
  seconds: number;
  tally: Tally;
  /** Why it failed, when that is not in the output shown. */
  reason?: string;
}

export interface Runner {
  /** Runs a program of node_modules; its output is shown when it ends, and only if it failed. */
  tool(name: string, args: readonly string[]): Promise<Outcome>;
  /** Runs one vitest with its output shown live, and counts its report. */
  tests(name: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Outcome>;
  /** Ends what is running now. */
  kill(): void;
}

/** `bin` is a script inside node_modules, given with `/`. */
export function createRunner(write: Write): Runner {
  const running = new Set<ChildProcess>();

  function node(args: readonly string[], env: NodeJS.ProcessEnv, onText?: (text: string) => void): Promise<number> {
    return new Promise((resolve) => {
      const child = spawn(process.execPath, args, {
        cwd: ROOT,
        env,
        stdio: onText ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'],
        // A group of its own, so that an end of ours can end browsers and servers that tests started.
        detached: true,
      });
      running.add(child);
      for (const stream of [child.stdout, child.stderr])
        stream?.setEncoding('utf8').on('data', (t: string) => onText?.(t));
      child.on('error', (error) => {
        onText?.(messageOf(error));
        resolve(127);
      });
      child.on('close', (code) => {
        running.delete(child);
        endGroup(child);
        resolve(code ?? 128);
      });
    });
  }

  return {
    async tool(name, [bin = '', ...args]) {
      const began = performance.now();
      let output = '';
      const script = path.join(ROOT, 'node_modules', bin);
      const code = await node([script, ...args], { ...process.env, FORCE_COLOR: '0' }, (text) => (output += text));
      const took = performance.now() - began;
      if (code !== 0) write(indent(output));
      write(`${code === 0 ? '✓' : '✗'} ${name} ${seconds(took)}`);
      return { name, ok: code === 0, seconds: took / 1000, tally: NONE };
    },

    async tests(name, args, env) {
      const began = performance.now();
      const folder = await mkdtemp(path.join(tmpdir(), 'nadi-report-'));
      const report = path.join(folder, 'report.json');
      const vitest = path.join(ROOT, 'node_modules/vitest/vitest.mjs');
      const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
      write(`… ${name}`);
      const code = await node([vitest, 'run', ...args, ...reporters], env);
      const text = await readFile(report, 'utf8').catch(() => undefined);
      await rm(folder, { recursive: true, force: true });
      const tally = text === undefined ? NONE : tallyOf(text);
      const ran = tally.passed + tally.failed > 0;
      const ok = code === 0 && tally.failed === 0 && ran;
      const took = performance.now() - began;
      write(`${ok ? '✓' : '✗'} ${name} ${seconds(took)} (${tally.passed} passed, ${tally.failed} failed)`);
      const reason = ok || tally.failed > 0 ? undefined : ran ? `vitest ended with exit code ${code}` : 'no test ran';
      return { name, ok, seconds: took / 1000, tally, ...(reason && { reason }) };
    },

    kill() {
      for (const child of running) endGroup(child);
    },
  };
}

function endGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // Nothing of the group is left.
  }
}

function indent(text: string): string {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');
}
