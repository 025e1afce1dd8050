import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ok, warn, type Check } from '../check.ts';
import { ROOT } from '../../support/paths.ts';

/** Until when each release line gets security fixes (nodejs.org/en/about/previous-releases). */
const ends: Readonly<Record<number, string>> = {
  20: '2026-04-30',
  22: '2027-04-30',
  24: '2028-04-30',
  26: '2029-04-30',
};

/** Which versions work at all was seen to before this ran (scripts/bootstrap.mjs). */
export const node: Check = {
  id: 'node',
  title: 'Node',
  run: async ({ now }) => {
    const { node: version } = process.versions;
    const end = ends[Number(version.split('.', 1)[0])];
    if (end === undefined || Date.parse(end) > now()) return ok(version);
    const recommended = (await readFile(path.join(ROOT, '.nvmrc'), 'utf8')).trim();
    return warn(`${version} gets no security fixes since ${end}`, `Install Node ${recommended} or newer.`);
  },
};
