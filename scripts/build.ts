import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { build as bundle, stop as stopEsbuild, type BuildFailure } from 'esbuild';
import { hashInputs } from './support/inputs.ts';
import { createSteps, printFailure, type StepLog } from './support/log.ts';
import { ROOT } from './support/paths.ts';
import { run } from './support/run.ts';
import { messageOf, SetupError } from './support/SetupError.ts';

interface Part {
  name: string;
  /** Files and folders the result depends on. */
  inputs: string[];
  /** A file whose absence means that there is no result. */
  output: string;
  make: (log: StepLog) => Promise<void>;
}

const COMMON = ['shared', 'package.json', 'package-lock.json', 'scripts/build.ts'];

const PARTS: Part[] = [
  {
    name: 'server',
    inputs: ['server', ...COMMON],
    output: 'server.mjs',
    make: () => node('server/main.ts', 'server.mjs'),
  },
  { name: 'sfu', inputs: ['sfu', ...COMMON], output: 'sfu.mjs', make: () => node('sfu/main.ts', 'sfu.mjs') },
  {
    name: 'client',
    inputs: ['client', 'vite.config.ts', 'svelte.config.js', ...COMMON],
    output: 'client/index.html',
    make: client,
  },
];

/** Commands that an image carries, where there is no tsx. */
const TOOLS = ['setup', 'doctor', 'keys', 'audit', 'backup', 'restore'];

const DIST = path.join(ROOT, 'dist');

/** Builds `dist/client`, `dist/server.mjs` and `dist/sfu.mjs`; each part only when what goes into it changed. */
export async function build(log: StepLog): Promise<'built' | 'skipped'> {
  await mkdir(DIST, { recursive: true });
  const made = await Promise.all(PARTS.map((part) => buildPart(part, log)));
  await stopEsbuild();
  return made.includes(true) ? 'built' : 'skipped';
}

/** Builds the commands of an image into `dist/scripts`, two folders below the top as their sources find things from there. */
export async function buildTools(log: StepLog): Promise<void> {
  for (const name of TOOLS) {
    const source = `scripts/${name}.ts`;
    if (!(await stat(path.join(ROOT, source)).catch(() => undefined))) continue;
    log.step(name);
    await node(source, `scripts/${name}.mjs`);
  }
  await stopEsbuild();
}

async function buildPart(part: Part, log: StepLog): Promise<boolean> {
  const stamp = path.join(DIST, `.${part.name}.inputs`);
  const hash = await hashInputs(ROOT, part.inputs);
  const before = await readFile(stamp, 'utf8').catch(() => '');
  const exists = await stat(path.join(DIST, part.output)).catch(() => undefined);
  if (before === hash && exists) return false;
  log.step(part.name);
  await rm(stamp, { force: true });
  await part.make(log);
  await writeFile(stamp, hash);
  return true;
}

/** One ESM file with a source map; packages stay in node_modules. */
async function node(entry: string, output: string): Promise<void> {
  try {
    await bundle({
      absWorkingDir: ROOT,
      entryPoints: [entry],
      outfile: path.join(DIST, output),
      bundle: true,
      packages: 'external',
      platform: 'node',
      format: 'esm',
      target: 'node20',
      sourcemap: true,
      logLevel: 'silent',
    });
  } catch (error) {
    const first = isBuildFailure(error) ? error.errors[0] : undefined;
    const where = first?.location ? ` (${first.location.file}:${first.location.line})` : '';
    throw new SetupError(
      `${entry} could not be bundled: ${first?.text ?? messageOf(error)}${where}`,
      'Correct the source; npm run types shows more.',
    );
  }
}

/** Vite runs in a process of its own, so that its memory is given back. */
async function client(log: StepLog): Promise<void> {
  const vite = path.join(ROOT, 'node_modules/vite/bin/vite.js');
  const args = [vite, 'build', '--config', path.join(ROOT, 'vite.config.ts'), '--logLevel', 'warn'];
  const { code, stdout, stderr } = await run(process.execPath, args, { cwd: ROOT });
  if (code === 0) return;
  for (const line of `${stdout}\n${stderr}`.trim().split('\n').slice(-15)) log.info(line);
  throw new SetupError(`The client could not be built (vite, exit ${code}).`, 'Correct what the lines above name.');
}

function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && 'errors' in error && Array.isArray(error.errors);
}

if (process.argv[1] === import.meta.filename) {
  try {
    const steps = createSteps();
    await steps.run('build', build);
    if (process.argv.includes('--tools')) await steps.run('tools', buildTools);
  } catch (error) {
    printFailure(error);
    process.exitCode = 1;
  }
}
