import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { advisories, inRange, installed, weaknesses } from './advisories.ts';

const root = join(import.meta.dirname, '../..');
const read = async (path: string): Promise<unknown> => JSON.parse(await readFile(join(root, path), 'utf8'));

describe('[A7] versions with known weaknesses', () => {
  test('the lockfile installs none of them', async () => {
    const known = advisories.parse(await read('scripts/verify/advisories.json'));
    const lock = await read('package-lock.json');
    expect(weaknesses(lock, known)).toEqual([]);
    // The list is about what is here: a package that has gone takes its lines along.
    const names = new Set(installed(lock).map(({ name }) => name));
    expect(known.map((one) => one.package).filter((name) => !names.has(name))).toEqual([]);
  });

  test('one that is installed is named, deep copies and other names too', () => {
    const known = advisories.parse([{ package: 'ws', vulnerable: '>=8.0.0 <8.21.0', advisory: 'GHSA-x', why: 'bad' }]);
    const lock = {
      packages: {
        '': { name: 'nadi', version: '1.0.0' },
        'node_modules/ws': { version: '8.21.0' },
        'node_modules/a/node_modules/ws': { version: '8.20.9' },
        'node_modules/b/node_modules/ws': { version: '7.5.10' },
        'node_modules/other': { name: 'ws', version: '8.0.0' },
        'node_modules/@scope/ws': { version: '8.1.0' },
      },
    };
    const found = weaknesses(lock, known);
    expect(found).toHaveLength(2);
    expect(found[0]).toContain('ws 8.20.9 (node_modules/a/node_modules/ws): bad, GHSA-x');
    expect(found[1]).toContain('node_modules/other');
  });

  test.each([
    ['8.20.9', '<8.21.0', true],
    ['8.21.0', '<8.21.0', false],
    ['8.21.0-beta.1', '<8.21.0', true],
    ['8.21.0+build-7', '<8.21.0', false],
    ['10.0.0', '<9.0.0', false],
    ['9.0.10', '<9.0.9', false],
    ['6.15.3', '>=2.2.5 <=6.15.3', true],
    ['2.2.4', '>=2.2.5 <=6.15.3', false],
    ['2.2.5', '>2.2.5 <=6.15.3', false],
  ])('%s in %s: %s', (version, range, expected) => {
    expect(inRange(version, range)).toBe(expected);
  });

  test('a range nobody can read is refused', () => {
    for (const vulnerable of ['*', '8.x', '^8.0.0', '<8', '>=8.0.0', '<8.0.0 || <9.0.0'])
      expect(advisories.safeParse([{ package: 'a', vulnerable, advisory: 'b', why: 'c' }]).success).toBe(false);
  });
});
