import { lstat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
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

/** What MongoDB tells about its own disk (dbStats, freeStorage aside); other engines do not. */
const stats = z.object({ fsUsedSize: z.number().positive(), fsTotalSize: z.number().positive() });

async function databaseDisk(context: Context): Promise<Outcome> {
  const told = stats.safeParse(
    await context
      .database()
      .then((db) => db.command({ dbStats: 1 }))
      .catch(() => null),
  );
  if (!told.success) return skipped('the database does not tell about its disk');
  const { fsUsedSize, fsTotalSize } = told.data;
  const room = { freeBytes: fsTotalSize - fsUsedSize, totalBytes: fsTotalSize, freeFiles: 0, totalFiles: 0 };
  return judged(judgeDisk(room, 'the database'));
}
