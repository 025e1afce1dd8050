import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import { fail, ok, skipped, together, warn, type Check, type Outcome } from '../check.ts';

/** Who else can read what is secret. */
export const files: Check = {
  id: 'files',
  title: 'Secret files',
  run: async ({ settings, dataDir }) => {
    if (process.platform === 'win32') return skipped('this system has no file modes');
    const inside = await readdir(dataDir).catch(() => []);
    const secret = inside.filter((name) => /^(demo-secrets|running)\.json$/.test(name) || name.endsWith('.env'));
    const looked = await Promise.all([
      ...(settings.file === null ? [] : [look(settings.file)]),
      ...secret.map((name) => look(path.join(dataDir, name))),
      ...(inside.length === 0 ? [] : [lookFolder(dataDir)]),
    ]);
    return looked.length === 0 ? skipped('no file with secrets on this machine') : together(looked);
  },
};

async function look(file: string): Promise<Outcome> {
  const { mode, uid } = await lstat(file);
  if ((mode & 0o077) !== 0) {
    return fail(`others on this machine may read ${file}, which holds secrets`, `chmod 600 ${file}`);
  }
  const me = process.getuid?.();
  if (me !== undefined && me !== 0 && uid !== me) {
    return warn(`${file} belongs to another user`, `Run this as the user that runs Nadi, or: chown ${me} ${file}`);
  }
  return ok('readable by their owner only');
}

async function lookFolder(folder: string): Promise<Outcome> {
  const { mode } = await lstat(folder);
  if ((mode & 0o022) !== 0) return fail(`others may write in ${folder}`, `chmod 700 ${folder}`);
  return ok('readable by their owner only');
}
