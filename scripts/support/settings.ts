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
  const { unreadable, open, ...settings } = looseSettings(env);
  const { file } = settings;
  if (unreadable !== null) {
    throw new SetupError(`The settings file ${String(file)} cannot be read: ${unreadable}`, 'Make one: npm run setup');
  }
  if (open) {
    const remedy = `chmod 600 ${String(file)}`;
    throw new SetupError(`Others on this machine may read ${String(file)}, which holds secrets.`, remedy);
  }
  return settings;
}

export interface LooseSettings extends Settings {
  /** Why the file could not be read; null: it was, or there is none. */
  readonly unreadable: string | null;
  /** Others than its owner may read it. */
  readonly open: boolean;
}

/** The same without refusing anything, for whoever is asked what is wrong. */
export function looseSettings(env: NodeJS.ProcessEnv): LooseSettings {
  const named = env['NADI_CONFIG'];
  const file = path.resolve(named ?? path.join(ROOT, SETTINGS_FILE));
  try {
    const text = readFileSync(file, 'utf8');
    const open = (statSync(file).mode & 0o077) !== 0;
    return { env: { ...parseEnv(text), ...env }, file, unreadable: null, open };
  } catch (error) {
    const absent = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (named === undefined && absent) return { env, file: null, unreadable: null, open: false };
    return { env, file, unreadable: messageOf(error), open: false };
  }
}
