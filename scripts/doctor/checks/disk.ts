import { lstat } from 'node:fs/promises';
import path from 'node:path';
import { judgeDatabaseDisk } from '../../../server/health/build.ts';
import { diskRoom, judgeDisk } from '../../../server/health/disk.ts';
import { judged, skipped, together, type Check, type Outcome } from '../check.ts';
import type { Context } from '../context.ts';

export const disk: Check = {
  id: 'disk',
  title: 'Disk',
  run: async (context) => {
    const { dataDir, sfu } = context;
    const folders = new Map([['the data folder', dataDir]]);
    if (sfu && !path.resolve(sfu.spoolDir).startsWith(dataDir))
      folders.set('the recordings', path.resolve(sfu.spoolDir));
    const looked = [...folders].map(async ([what, folder]) =>
      judged(judgeDisk(await diskRoom(await existing(folder)), what)),
    );
    return together(await Promise.all([...looked, databaseDisk(context)]));
  },
};

/** The folder, or the nearest one above it that exists: there it will be made. */
async function existing(folder: string): Promise<string> {
  const found = await lstat(folder).catch(() => null);
  return found === null && path.dirname(folder) !== folder ? existing(path.dirname(folder)) : folder;
}

async function databaseDisk(context: Context): Promise<Outcome> {
  const found = await context.database().then(judgeDatabaseDisk, () => null);
  return found ? judged(found) : skipped('the database does not tell about its disk');
}
