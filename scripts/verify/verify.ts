import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from '../build.ts';
import { startDatabase } from '../services/database/index.ts';
import { ensureMediaWorker } from '../services/mediaWorker.ts';
import { ensurePackages } from '../support/apt.ts';
import { onEnd } from '../support/ending.ts';
import { createSteps, printFailure, seconds } from '../support/log.ts';
import { messageOf, SetupError } from '../support/SetupError.ts';
import { planOf, STATIC, type TestRun } from './plan.ts';
import { createRunner, type Outcome } from './runner.ts';
import { addTallies, NONE, tallyLine } from './tally.ts';

/** What tests in a browser need: the browser, fonts for English and Hindi, and a voice to speak into the microphone. */
const BROWSER_PACKAGES = ['chromium', 'fonts-noto-core', 'espeak-ng'];

const print = (line: string): void => void process.stdout.write(`${line}\n`);

/**
 * Runs the static checks (two at a time), then the test runs one after the other on one database, one media worker and
 * one build; goes on after failures, sums up at the end, and answers the exit code. The last line is the tally.
 */
export async function verify(args: readonly string[], all: boolean): Promise<number> {
  const began = performance.now();
  const runner = createRunner(print);
  const steps = createSteps(print);
  const env: NodeJS.ProcessEnv = { ...process.env };
  const outcomes: Outcome[] = [];
  const undo: (() => Promise<unknown>)[] = [];
  const cleanUp = async (): Promise<void> => {
    for (const step of undo.splice(0).toReversed()) await step().catch(printFailure);
  };
  onEnd(() => {
    runner.kill();
    void cleanUp().finally(() => process.exit(130));
  });

  /** A need that cannot be met fails the runs that have it, with its cause shown once; the others run. */
  const met = new Map<string, Promise<boolean>>();
  const provide: Record<TestRun['needs'][number], () => Promise<void>> = {
    database: async () => {
      if (env['NADI_TEST_MONGODB_URI']) return;
      const dataDir = await mkdtemp(path.join(tmpdir(), 'nadi-test-data-'));
      undo.push(() => rm(dataDir, { recursive: true, force: true }));
      const database = await steps.run('database', (log) => startDatabase({ dataDir, log }));
      undo.push(() => database.stop());
      env['NADI_TEST_MONGODB_URI'] = database.uri;
      print(`    ${database.engine}`);
    },
    redis: async () => {
      await steps.run('redis', (log) => ensurePackages(['redis-server'], log));
    },
    mediaWorker: async () => {
      env['MEDIASOUP_WORKER_BIN'] = await steps.run('media worker', ensureMediaWorker);
    },
    browser: async () => {
      if (env['CHROMIUM_PATH']) return;
      await steps.run('browser', (log) => ensurePackages(BROWSER_PACKAGES, log));
    },
    build: async () => {
      await steps.run('build', build);
    },
  };
  const need = (name: TestRun['needs'][number]): Promise<boolean> => {
    const known =
      met.get(name) ??
      provide[name]().then(
        () => true,
        (error: unknown) => (printFailure(error), false),
      );
    met.set(name, known);
    return known;
  };

  try {
    const plan = planOf(args, all);
    const queue = [...plan.static];
    const next = async (): Promise<void> => {
      for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
        outcomes.push(await runner.tool(name, STATIC[name] ?? []));
      }
    };
    await Promise.all([next(), next()]);
    for (const run of plan.runs) {
      const missing: string[] = [];
      for (const name of run.needs) if (!(await need(name))) missing.push(name);
      // The browser is for some of the media tests only, Redis for those of many hubs; they say themselves that they need it.
      const vital = missing.filter((name) => name !== 'redis' && !(name === 'browser' && run.name === 'media'));
      outcomes.push(
        vital.length > 0
          ? { name: run.name, ok: false, seconds: 0, tally: NONE, reason: `not run, for want of: ${vital.join(', ')}` }
          : await runner.tests(
              run.name,
              [...run.projects.flatMap((project) => ['--project', project]), ...plan.rest],
              env,
            ),
      );
    }
    return summary(outcomes, plan.runs.length > 0, performance.now() - began);
  } catch (error) {
    printFailure(error);
    return 1;
  } finally {
    await cleanUp();
  }
}

function summary(outcomes: readonly Outcome[], expectTests: boolean, tookMs: number): number {
  const tally = addTallies(outcomes.map((outcome) => outcome.tally));
  print('');
  for (const { name, ok, seconds: took, reason } of outcomes) {
    print(`${ok ? '✓' : '✗'} ${name.padEnd(12)} ${seconds(took * 1000).padStart(8)}${reason ? `  ${reason}` : ''}`);
  }
  const failed = outcomes.filter((outcome) => !outcome.ok).map((outcome) => outcome.name);
  const empty = expectTests && tally.passed + tally.failed === 0;
  if (empty) print('✗ no test ran');
  print(
    `\n${failed.length === 0 && !empty ? 'All good' : `Failed: ${failed.join(', ') || 'no test ran'}`} in ${seconds(tookMs)}`,
  );
  if (expectTests) print(tallyLine(tally));
  return failed.length > 0 || empty ? 1 : 0;
}

/** Runs the verification as this process and ends with its exit code. */
export async function main(all: boolean): Promise<void> {
  try {
    process.exit(await verify(process.argv.slice(2), all));
  } catch (error) {
    printFailure(error instanceof SetupError ? error : new Error(messageOf(error), { cause: error }));
    process.exit(1);
  }
}
