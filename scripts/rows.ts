import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { ROOT } from './support/paths.ts';
import { rowsIn } from './verify/rows.ts';

/** `npm run rows`: which feature rows a test names, and those that none does. `-- --all` lists the tests of each row. */
const titles = z
  .record(z.string().regex(/^[A-I]\d$/), z.string())
  .parse(JSON.parse(await readFile(path.join(ROOT, 'docs/rows.json'), 'utf8')));

const tests = new Map<string, string[]>();
const unknown: string[] = [];
for (const entry of await readdir(path.join(ROOT, 'tests'), { recursive: true })) {
  if (!entry.endsWith('.test.ts')) continue;
  for (const row of rowsIn(await readFile(path.join(ROOT, 'tests', entry), 'utf8'))) {
    if (row in titles) tests.set(row, [...(tests.get(row) ?? []), `tests/${entry}`]);
    else unknown.push(`tests/${entry} names ${row}, which docs/rows.json does not know`);
  }
}

const missing = Object.keys(titles).filter((row) => !tests.has(row));
if (process.argv.includes('--all')) {
  for (const [row, files] of [...tests].sort()) console.log(`${row}  ${titles[row]}\n      ${files.join('\n      ')}`);
  console.log('');
}
console.log(`Rows with a test: ${[...tests.keys()].sort().join(' ') || 'none'}`);
console.log(`\nRows without a test (${missing.length} of ${Object.keys(titles).length}):`);
for (const row of missing) console.log(`  ${row}  ${titles[row]}`);
for (const line of unknown) console.error(`✗ ${line}`);
process.exitCode = unknown.length > 0 ? 1 : 0;
