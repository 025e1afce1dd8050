import { access, constants, lstat, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fail, ok, skipped, type Check } from '../check.ts';
import { messageOf } from '../../support/SetupError.ts';

export const dataFolder: Check = {
  id: 'data-folder',
  title: 'Data folder',
  run: async ({ dataDir }) => {
    const found = await lstat(dataDir).catch(() => null);
    if (found === null) {
      const above = path.dirname(dataDir);
      const may = await access(above, constants.W_OK).then(
        () => true,
        () => false,
      );
      if (may) return skipped(`${dataDir} is made at the first start`);
      return fail(`${dataDir} is not there and cannot be made`, `Make it, and let the user that runs Nadi own it.`);
    }
    const probe = path.join(dataDir, `.doctor-${process.pid}`);
    try {
      // A page of bytes: an empty file fits on a disk that is full.
      await writeFile(probe, Buffer.alloc(4096), { mode: 0o600 });
    } catch (error) {
      const full = error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
      if (full) return fail(`${dataDir}: the disk or the quota is full`, 'Free some space.');
      return fail(
        `${dataDir} cannot be written: ${messageOf(error)}`,
        'Let the user that runs Nadi own it: chown -R USER it.',
      );
    } finally {
      await rm(probe, { force: true });
    }
    return ok(`${dataDir} can be written`);
  },
};
