import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';

const running = z.object({
  /** The process of `npm start`. */
  pid: z.int().positive(),
  port: z.int(),
  sfuPort: z.int(),
  rtcPort: z.int(),
  /** Where the database is that this run uses: the embedded one takes another port at every start. */
  mongodbUri: z.string(),
  engine: z.string(),
  /** The media worker's binary; null: this run is without video. */
  mediaWorker: z.string().nullable(),
});
export type Running = z.infer<typeof running>;

const fileOf = (dataDir: string): string => path.join(dataDir, 'running.json');

/** Writes down what a run of `npm start` uses, for the other commands; for its owner only. Answers how to take it away. */
export async function writeRunning(dataDir: string, run: Running): Promise<() => Promise<void>> {
  const file = fileOf(dataDir);
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, `${JSON.stringify(running.parse(run), null, 2)}\n`, { mode: 0o600 });
  await rename(draft, file);
  return () => rm(file, { force: true });
}

/** What runs on this data folder right now; null when nothing does, or when this user may not know. */
export async function readRunning(dataDir: string): Promise<Running | null> {
  const text = await readFile(fileOf(dataDir), 'utf8').catch(() => null);
  if (text === null) return null;
  try {
    const found = running.parse(JSON.parse(text));
    return alive(found.pid) ? found : null;
  } catch {
    return null;
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's, and so alive.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
