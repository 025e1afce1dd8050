import { chmod, mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { arch, homedir, platform, release } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { ensurePackages } from '../support/apt.ts';
import type { StepLog } from '../support/log.ts';
import { messageOf, SetupError } from '../support/SetupError.ts';
import { buildMediaWorker } from './mediaWorkerBuild.ts';
import { downloadMediaWorker, prebuiltName } from './mediaWorkerDownload.ts';
import { withLock } from './mediaWorkerLock.ts';
import { probeMediaWorker } from './mediaWorkerProbe.ts';

/** Debian packages a build from sources needs. */
export const mediaWorkerPackages = [
  'g++',
  'ninja-build',
  'libuv1-dev',
  'libssl-dev',
  'libsrtp2-dev',
  'libusrsctp-dev',
  'libabsl-dev',
  'libflatbuffers-dev',
  'flatbuffers-compiler',
];

/** Changes when the way we build changes, so that older cached binaries are left behind. */
const RECIPE = 1;

/**
 * Makes sure that mediasoup's media worker exists and runs here, in this order: the binary MEDIASOUP_WORKER_BIN names;
 * the cache; mediasoup's prebuilt release; a build from the npm package's sources. Two processes at once are safe: one
 * works, the other waits for its result.
 *
 * @returns the absolute path of the binary; pass it on as MEDIASOUP_WORKER_BIN before mediasoup is imported
 * @throws SetupError with a remedy
 */
export async function ensureMediaWorker(log: StepLog): Promise<string> {
  const { version, sources } = await installedMediasoup();
  const given = process.env['MEDIASOUP_WORKER_BIN'];
  if (given) {
    const problem = await probeMediaWorker(resolve(given), version);
    if (problem === undefined) return resolve(given);
    throw new SetupError(
      `MEDIASOUP_WORKER_BIN is set to ${given}, but ${problem}`,
      'Correct it, or unset it to have a worker downloaded or built.',
    );
  }

  const folder = folderOf(version);
  const binary = join(folder, 'mediasoup-worker');
  if (await works(binary, version, log)) return binary;

  const waiting = (pid: number): void => log.step(`waiting for process ${pid}, which prepares the media worker`);
  return withLock(`${folder}.lock`, waiting, async () => {
    if (await works(binary, version, log)) return binary;
    const made = (await prebuilt(folder, version, log)) ?? (await built(folder, sources, version, log));
    await mkdir(folder, { recursive: true });
    await chmod(made, 0o755);
    await rename(made, binary);
    await Promise.all([rm(`${folder}.build`, scrap), rm(`${folder}.download`, scrap)]);
    return binary;
  });
}

/** Where the worker of the installed version is kept, whether it is there or not. */
export async function cachedMediaWorker(): Promise<{ binary: string; version: string }> {
  const { version } = await installedMediasoup();
  return { binary: join(folderOf(version), 'mediasoup-worker'), version };
}

function folderOf(version: string): string {
  return join(cacheFolder(), 'media-worker', `${version}-${platform()}-${arch()}-r${RECIPE}`);
}

const scrap = { recursive: true, force: true };

/** Where everything lives that is made once per machine: NADI_CACHE, else the user's cache folder. */
export function cacheFolder(): string {
  const own = process.env['NADI_CACHE'];
  if (own) return resolve(own);
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'nadi');
}

async function works(binary: string, version: string, log: StepLog): Promise<boolean> {
  if (!(await stat(binary).catch(() => undefined))) return false;
  const problem = await probeMediaWorker(binary, version);
  if (problem !== undefined) log.info(`the cached media worker is made anew: ${problem}`);
  return problem === undefined;
}

async function prebuilt(folder: string, version: string, log: StepLog): Promise<string | undefined> {
  const name = prebuiltName(version, platform(), arch(), release());
  log.step(`downloading ${name}`);
  try {
    const made = await downloadMediaWorker(`${folder}.download`, version, name);
    const problem = await probeMediaWorker(made, version);
    if (problem === undefined) return made;
    log.info(`the prebuilt worker is of no use: ${problem}`);
  } catch (error) {
    log.info(`no prebuilt worker (${messageOf(error)})`);
  }
  await rm(`${folder}.download`, scrap);
  return undefined;
}

async function built(folder: string, sources: string, version: string, log: StepLog): Promise<string> {
  if (platform() !== 'linux') {
    throw new SetupError(
      'The media worker can be built on Linux only, and no prebuilt one could be fetched',
      'Connect to the internet and start again, or set MEDIASOUP_WORKER_BIN to a worker built elsewhere.',
    );
  }
  await ensurePackages(mediaWorkerPackages, log);
  const made = await buildMediaWorker(sources, `${folder}.build`, log);
  const problem = await probeMediaWorker(made, version);
  if (problem === undefined) return made;
  await rm(`${folder}.build`, scrap);
  throw new SetupError(
    `The media worker was built, but ${problem}`,
    'Start again; if it stays, set MEDIASOUP_WORKER_BIN to a worker built elsewhere.',
  );
}

async function installedMediasoup(): Promise<{ version: string; sources: string }> {
  // The package's entry is node/lib/index.js; its package.json is not exported.
  const entry = createRequire(import.meta.url).resolve('mediasoup');
  const root = dirname(dirname(dirname(entry)));
  const { version } = z
    .object({ version: z.string() })
    .parse(JSON.parse(await readFile(join(root, 'package.json'), 'utf8')));
  return { version, sources: join(root, 'worker') };
}
