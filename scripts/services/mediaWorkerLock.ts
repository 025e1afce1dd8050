import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';

const Holder = z.object({ pid: z.number().int().positive(), started: z.string(), token: z.string() });
type Holder = z.infer<typeof Holder>;

/** A takeover is a few file operations; one older than this belongs to a process that died in the middle of it. */
const TAKEOVER_STALE_MS = 10_000;

/**
 * Runs `work` while holding a lock file, so that two processes never build into one folder. A lock whose process has
 * died (its pid is gone, or belongs to a process started at another time) is taken over.
 *
 * @param path the lock file; its folder is created
 * @param onWait called once when somebody else holds the lock
 * @returns what `work` returns; the lock is gone afterwards, also when it throws
 */
export async function withLock<T>(path: string, onWait: (pid: number) => void, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  const own: Holder = { pid: process.pid, started: await startTime(process.pid), token: randomUUID() };
  let waited = false;
  while (!(await createExclusive(path, JSON.stringify(own)))) {
    const holder = await readHolder(path);
    if (holder !== undefined && (await isAlive(holder))) {
      if (!waited) onWait(holder.pid);
      waited = true;
      await sleep(500);
    } else {
      await removeStale(path);
    }
  }
  try {
    return await work();
  } finally {
    if ((await readHolder(path))?.token === own.token) await rm(path, { force: true });
  }
}

async function createExclusive(path: string, content: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx');
    await file.writeFile(content).finally(() => file.close());
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Removes a dead holder's lock. Guarded by a second exclusive file, so that nobody removes a lock taken meanwhile. */
async function removeStale(path: string): Promise<void> {
  const guard = `${path}.takeover`;
  if (!(await createExclusive(guard, String(process.pid)))) {
    const age = await stat(guard).then(
      (found) => Date.now() - found.mtimeMs,
      () => 0,
    );
    if (age > TAKEOVER_STALE_MS) await rm(guard, { force: true });
    await sleep(100);
    return;
  }
  try {
    const holder = await readHolder(path);
    if (holder === undefined || !(await isAlive(holder))) await rm(path, { force: true });
  } finally {
    await rm(guard, { force: true });
  }
}

/** The holder, or `undefined` when the file is gone or was left half-written (retried, for a writer in the middle). */
async function readHolder(path: string): Promise<Holder | undefined> {
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text === undefined) return undefined;
    try {
      return Holder.parse(JSON.parse(text));
    } catch {
      await sleep(50);
    }
  }
  return undefined;
}

async function isAlive(holder: Holder): Promise<boolean> {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if (codeOf(error) !== 'EPERM') return false;
  }
  const started = await startTime(holder.pid);
  return started === holder.started;
}

/** Field 22 of /proc/<pid>/stat tells a reused pid from the same process; empty where there is no /proc. */
async function startTime(pid: number): Promise<string> {
  const line = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The second field is a name in brackets that may hold spaces: count from the last bracket.
  return line.slice(line.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
