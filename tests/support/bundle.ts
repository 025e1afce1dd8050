import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..', '..');

/** A program of ours in one file, with its packages outside: starts in a second where the sources take several. */
export async function bundle(entry: string, name: string): Promise<{ readonly file: string; remove(): Promise<void> }> {
  const file = join(root, 'node_modules', '.cache', 'nadi', `${name}-${process.pid}.mjs`);
  await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: file,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: 'inline',
    logLevel: 'silent',
  });
  return { file, remove: () => rm(file, { force: true }) };
}
