import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { parseEnv } from 'node:util';
import { ROOT } from './paths.ts';
import { messageOf, SetupError } from './SetupError.ts';

/** A clinic's settings as `npm run setup` writes them, looked for beside package.json. */
export const SETTINGS_FILE = 'nadi.env';

export interface Settings {
  /** What the file says, and over it what the environment says. */
  readonly env: NodeJS.ProcessEnv;
  /** The file that was read; null: there is none, all comes from the environment. */
  readonly file: string | null;
}

/**
 * The settings every command of a clinic works with: `NADI_CONFIG=file`, else `nadi.env` when it is there. A variable of the
 * environment wins over the file's.
 * @throws SetupError when a named file cannot be read, or when others than its owner may read it.
 */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const named = env['NADI_CONFIG'];
  const file = path.resolve(named ?? path.join(ROOT, SETTINGS_FILE));
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const absent = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (named === undefined && absent) return { env, file: null };
    throw new SetupError(`The settings file ${file} cannot be read: ${messageOf(error)}`, 'Make one: npm run setup');
  }
  if ((statSync(file).mode & 0o077) !== 0) {
    throw new SetupError(`Others on this machine may read ${file}, which holds secrets.`, `chmod 600 ${file}`);
  }
  return { env: { ...parseEnv(text), ...env }, file };
}
