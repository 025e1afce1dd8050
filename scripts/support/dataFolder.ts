import { mkdir, open, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { messageOf, SetupError } from './SetupError.ts';

const MIB = 1024 * 1024;

/** Below this a database cannot be set up and written to safely. */
export const LEAST_FREE_MIB = 512;

/** Makes the data folder (for its owner only) and proves that it can be written and has room. */
export async function ensureDataFolder(folder: string, leastMib = LEAST_FREE_MIB): Promise<void> {
  const probe = path.join(folder, `.probe-${process.pid}`);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(probe, 'x');
    await rm(probe);
  } catch (error) {
    if (codeOf(error) === 'ENOSPC') throw full(folder, 0);
    throw new SetupError(
      `The data folder ${folder} cannot be written: ${messageOf(error)}`,
      'Make it writable for this user, or choose another one: NADI_DATA=/some/folder npm start',
    );
  }
  const { bavail, bsize } = await statfs(folder);
  const freeMib = Math.floor((bavail * bsize) / MIB);
  if (freeMib < leastMib) throw full(folder, freeMib, leastMib);
}

function full(folder: string, freeMib: number, leastMib = LEAST_FREE_MIB): SetupError {
  return new SetupError(
    `The disk under ${folder} is full: ${freeMib} MiB free, at least ${leastMib} MiB needed.`,
    'Free some space, or choose a folder on another disk: NADI_DATA=/some/folder npm start',
  );
}

/**
 * Takes the data folder for this process: two Nadis on one database folder would destroy each other's work. The lock is a
 * file with a process id; one left by a process that is gone is taken over. Answers how to release it.
 */
export async function lockDataFolder(folder: string): Promise<() => Promise<void>> {
  const file = path.join(folder, 'nadi.pid');
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      const handle = await open(file, 'wx');
      await handle.writeFile(String(process.pid));
      await handle.close();
      return () => rm(file, { force: true });
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
    const owner = Number(await readFile(file, 'utf8').catch(() => ''));
    if (owner > 0 && owner !== process.pid && (await isNadi(owner))) {
      throw new SetupError(
        `The data folder ${folder} is in use by another Nadi (process ${owner}).`,
        `Stop that one (kill ${owner}), or choose another folder and port: NADI_DATA=./data2 PORT=3100 npm start`,
      );
    }
    await rm(file, { force: true });
  }
  throw new SetupError(`The data folder ${folder} is being taken by another Nadi.`, 'Wait for it to start or to stop.');
}

/** Whether a living process is a Node that works on a data folder; its id may have passed to something else since. */
async function isNadi(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined);
  return command === undefined || /scripts[/\\](start|restore)\.ts/.test(command);
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
