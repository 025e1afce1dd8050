import { copyFile, open, readFile, rename } from 'node:fs/promises';
import { parseEnv } from 'node:util';
import { messageOf, SetupError } from '../support/SetupError.ts';
import type { Env } from './answers.ts';

/** What stands in a settings file; null when there is none. @throws SetupError when it cannot be read */
export async function readSettingsFile(file: string): Promise<Env | null> {
  try {
    return parseEnv(await readFile(file, 'utf8'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw new SetupError(
      `${file} cannot be read: ${messageOf(error)}`,
      'Make it readable for this user, or name another: NADI_CONFIG=…',
    );
  }
}

/** Writes a file with secrets: for its owner only, all of it or nothing, and on the disk when this returns. */
export async function writeSecretFile(file: string, text: string): Promise<void> {
  const draft = `${file}.${process.pid}`;
  const handle = await open(draft, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, file);
}

/** Keeps what is there as `<file>.before`. */
export async function keepCopy(file: string): Promise<string> {
  const copy = `${file}.before`;
  await copyFile(file, copy);
  return copy;
}
