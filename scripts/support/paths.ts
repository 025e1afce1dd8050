import { homedir } from 'node:os';
import path from 'node:path';

/** The top folder of the house. */
export const ROOT = path.resolve(import.meta.dirname, '../..');

/** What is kept between clones: the media worker and the database engine, by version. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env['NADI_CACHE']) return path.resolve(env['NADI_CACHE']);
  return path.join(env['XDG_CACHE_HOME'] || path.join(homedir(), '.cache'), 'nadi');
}
