import { spawn } from 'node:child_process';
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { StepLog } from '../support/log.ts';
import { run } from '../support/run.ts';
import { SetupError } from '../support/SetupError.ts';
import { fixDtlsCallback, srtpShimHeader } from './mediaWorkerShim.ts';

const DEFINES = ['NDEBUG', 'MS_LITTLE_ENDIAN', 'MS_EXECUTABLE', 'FLATBUFFERS_LOCALE_INDEPENDENT=1'];
const LIBRARIES = ['uv', 'ssl', 'crypto', 'srtp2', 'usrsctp', 'flatbuffers'];
const BIO_FIX = 'src/RTC/DtlsTransport.cpp';

/**
 * The quoted file names of one list in a meson.build, for example `common_sources = [ 'a.cpp', … ]`. Lists are read, not
 * repeated here, so that another mediasoup version brings its own.
 *
 * @throws Error when the list is missing or empty
 */
export function mesonList(text: string, name: string): string[] {
  const body = new RegExp(`^${name} = \\[([^\\]]*)\\]`, 'm').exec(text)?.[1];
  const files = [...(body ?? '').matchAll(/^\s*'([^'\n]+)'/gm)].map((match) => match[1] ?? '');
  if (files.length === 0) throw new Error(`meson.build has no list ${name}`);
  return files;
}

/** What a build.ninja is written from. Paths are absolute. */
export interface BuildPlan {
  /** Each source with the object it becomes. */
  units: { source: string; object: string }[];
  includes: string[];
  /** Static archives linked as one group, since they refer to each other. */
  archives: string[];
  output: string;
}

/** The text of a build.ninja that compiles and links the plan with g++, following header dependencies. */
export function ninjaFile(plan: BuildPlan): string {
  const flags = [...DEFINES.map((define) => `-D${define}`), ...plan.includes.map((folder) => `-I${escape(folder)}`)];
  return [
    'ninja_required_version = 1.8',
    'rule cxx',
    `  command = g++ -std=c++17 -O2 -w -pthread -MMD -MF $out.d ${flags.join(' ')} -c $in -o $out`,
    '  depfile = $out.d',
    '  deps = gcc',
    '  description = $out',
    'rule link',
    `  command = g++ -pthread $in -o $out -Wl,--start-group $archives -Wl,--end-group ${LIBRARIES.map((name) => `-l${name}`).join(' ')} -ldl`,
    '  description = linking',
    ...plan.units.map((unit) => `build ${escape(unit.object)}: cxx ${escape(unit.source)}`),
    `build ${escape(plan.output)}: link ${plan.units.map((unit) => escape(unit.object)).join(' ')}`,
    `  archives = ${plan.archives.map(escape).join(' ')}`,
    `default ${escape(plan.output)}`,
    '',
  ].join('\n');
}

/**
 * Builds the worker from the npm package's own sources against the system's libraries (minutes). The folder may hold an
 * earlier attempt: what is compiled already is kept. The package itself is only read.
 *
 * @param sources the package's `worker` folder
 * @param folder where to build
 * @returns the path of the binary
 * @throws SetupError naming the first compiler message
 */
export async function buildMediaWorker(sources: string, folder: string, log: StepLog): Promise<string> {
  await mkdir(folder, { recursive: true });
  const plan = await planBuild(sources, folder, log);
  await writeIfChanged(join(folder, 'build.ninja'), ninjaFile(plan));
  log.step(`compiling ${plan.units.length} files on ${availableParallelism()} cores (a few minutes, once)`);
  await runNinja(folder, log);
  return plan.output;
}

async function planBuild(sources: string, folder: string, log: StepLog): Promise<BuildPlan> {
  const include = join(folder, 'include');
  await mkdir(join(include, 'FBS'), { recursive: true });
  await generateHeaders(join(sources, 'fbs'), join(include, 'FBS'), log);
  await writeIfChanged(join(include, 'srtp.h'), srtpShimHeader);

  const common = mesonList(await readFile(join(sources, 'meson.build'), 'utf8'), 'common_sources');
  const webrtc = mesonList(await readFile(join(sources, 'deps/libwebrtc/meson.build'), 'utf8'), 'libwebrtc_sources');
  const files = [...common, 'src/main.cpp', ...webrtc.map((file) => `deps/libwebrtc/${file}`)];
  const fixed = join(folder, 'fixed-DtlsTransport.cpp');
  await writeIfChanged(fixed, fixDtlsCallback(await readFile(join(sources, BIO_FIX), 'utf8')));
  return {
    units: files.map((file) => ({
      source: file === BIO_FIX ? fixed : join(sources, file),
      object: join(folder, 'objects', `${file.replaceAll('/', '-')}.o`),
    })),
    includes: [
      include,
      join(sources, 'include'),
      join(sources, 'deps/libwebrtc'),
      join(sources, 'deps/libwebrtc/libwebrtc'),
    ],
    archives: await abseilArchives(),
    output: join(folder, 'mediasoup-worker'),
  };
}

/** One C++ header per flatbuffers schema; the flags are those of worker/fbs/meson.build. */
async function generateHeaders(schemas: string, target: string, log: StepLog): Promise<void> {
  const files = (await readdir(schemas)).filter((name) => name.endsWith('.fbs')).sort();
  const present = new Set(await readdir(target));
  // Headers newer than the objects would have everything compiled again on a resumed build.
  if (files.every((name) => present.has(name.replace(/\.fbs$/, '.h')))) return;
  log.step('generating the message headers');
  const style = [
    '--cpp',
    '--cpp-field-case-style',
    'lower',
    '--reflect-names',
    '--scoped-enums',
    '--filename-suffix',
    '',
  ];
  const { code, stdout, stderr } = await run('flatc', [
    ...style,
    '-o',
    target,
    ...files.map((name) => join(schemas, name)),
  ]);
  if (code !== 0)
    throw new SetupError(`flatc failed: ${(stderr || stdout).trim().split('\n')[0]}`, 'Install flatbuffers-compiler.');
}

/** The static abseil libraries of this system, without those that bring a `main` of their own or serve tests. */
async function abseilArchives(): Promise<string[]> {
  const { code, stdout } = await run('g++', ['-print-file-name=libabsl_base.a']);
  const base = stdout.trim();
  if (code !== 0 || !base.startsWith('/'))
    throw new SetupError('The static abseil libraries are missing', 'Install libabsl-dev.');
  const folder = base.slice(0, base.lastIndexOf('/'));
  return (await readdir(folder))
    .filter((name) => /^libabsl_.*\.a$/.test(name) && !/flags|test|failure_signal/.test(name))
    .sort()
    .map((name) => join(folder, name));
}

async function runNinja(folder: string, log: StepLog): Promise<void> {
  const child = spawn('ninja', ['-C', folder, '-j', String(availableParallelism())], {
    env: { ...process.env, NINJA_STATUS: '[%f/%t] ', LC_ALL: 'C' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const tail: string[] = [];
  let shown = 0;
  const read = (chunk: string): void => {
    for (const line of chunk.split('\n')) {
      const [, done, total] = /^\[(\d+)\/(\d+)\]/.exec(line) ?? [];
      const percent = done && total ? Math.floor((100 * Number(done)) / Number(total)) : 0;
      if (percent >= shown + 5) {
        shown = percent - (percent % 5);
        log.info(`${done}/${total}`);
      }
      if (!done && line.trim() !== '') tail.push(line);
    }
  };
  child.stdout.setEncoding('utf8').on('data', read);
  child.stderr.setEncoding('utf8').on('data', read);
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', (error) =>
      reject(new SetupError(`ninja cannot be started: ${error.message}`, 'Install ninja-build.')),
    );
    child.once('close', (exit) => resolve(exit ?? 1));
  });
  if (code === 0) return;
  const first =
    tail.find((line) => /\berror\b|undefined reference|No space left/i.test(line)) ??
    tail.at(-1) ??
    `exit code ${code}`;
  throw new SetupError(
    `The media worker does not compile: ${first.trim()}`,
    `Free disk space or fix what it names and start again (compiled files are kept in ${folder}), or set MEDIASOUP_WORKER_BIN to a worker built elsewhere.`,
  );
}

async function writeIfChanged(path: string, text: string): Promise<void> {
  if ((await readFile(path, 'utf8').catch(() => undefined)) === text) return;
  await rm(path, { force: true });
  await writeFile(path, text);
}

/** Spaces, colons and dollars are ninja's own. */
function escape(path: string): string {
  return path.replace(/[$ :]/g, '$$$&');
}
