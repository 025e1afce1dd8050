import { access, constants, stat } from 'node:fs/promises';
import path from 'node:path';
import { judgeBackups } from '../../../server/health/build.ts';
import { fail, judged, ok, skipped, together, warn, type Check, type Outcome } from '../check.ts';
import type { Context } from '../context.ts';

export const backup: Check = {
  id: 'backup',
  title: 'Backup',
  run: async (context) => {
    const target = context.env['NADI_BACKUP_TARGET'] ?? '';
    if (target === '') {
      if (context.mode === 'demo') return skipped('a demo has none');
      return fail('nothing is backed up', 'Set NADI_BACKUP_TARGET (npm run setup), and keep a copy of NADI_KEY.');
    }
    return together([await age(context), ...(target.startsWith('s3:') ? [] : await folder(target, context))]);
  },
};

async function age(context: Context): Promise<Outcome> {
  const db = await context.database().catch(() => null);
  if (db === null) return skipped('the database, which knows of them, cannot be asked');
  const found = await judgeBackups(db, context.now());
  return found ? judged(found) : ok('the first one is to come');
}

/** A folder that is there and can be written, and does not go down with the disk it is a copy of. */
async function folder(target: string, { dataDir }: Context): Promise<Outcome[]> {
  const [there, data] = await Promise.all([target, dataDir].map((one) => nearest(path.resolve(one))));
  if (there === undefined || data === undefined) return [];
  const may = await access(there.folder, constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!may) return [fail(`${target} cannot be written`, 'Let the user that runs Nadi own it.')];
  if (there.disk !== data.disk) return [ok(`kept in ${target}`)];
  return [
    warn(`${target} is on the same disk as the data`, 'Keep backups on another machine, or at least another disk.'),
  ];
}

async function nearest(folder: string): Promise<{ folder: string; disk: number }> {
  const found = await stat(folder).catch(() => null);
  if (found === null && path.dirname(folder) !== folder) return await nearest(path.dirname(folder));
  return { folder, disk: found?.dev ?? 0 };
}
