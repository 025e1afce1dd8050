import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where downloads and builds that outlive a work tree are kept: NADI_CACHE, or `nadi` in the user's cache folder. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  return env['NADI_CACHE'] ?? join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'nadi');
}
