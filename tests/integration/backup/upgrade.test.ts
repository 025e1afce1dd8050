import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lastUpgrade, rollback, upgrade, type UpgradeSteps } from '../../../scripts/upgrade/flow.ts';
import { FolderTarget } from '../../../server/backup/targets/FolderTarget.ts';
import { migrate, migrations, SchemaError, type Migration } from '../../../server/store/migrations/index.ts';
import { backUp, restoreInto, tempFolder } from '../../support/backups.ts';
import { testDatabase, type TestDatabase } from '../../support/database.ts';

interface Row {
  _id: string;
  name: string;
}
const key = [randomBytes(32).toString('base64')];
const exec = promisify(execFile);
let database: TestDatabase;
let folder: Awaited<ReturnType<typeof tempFolder>>;
let repo: string;
const git = async (...args: string[]): Promise<string> => {
  const who = ['-c', 'user.name=t', '-c', 'user.email=t@example.org'];
  return (await exec('git', [...who, ...args], { cwd: repo })).stdout.trim();
};
const rows = () => database.db.collection<Row>('patients');

/** A later version's migration. @param fails after it has changed what is there. */
const later = (fails: boolean): Migration => ({
  id: '9999-names-apart',
  up: async (db) => {
    await db.collection('patients').updateMany({}, { $set: { name: 'changed' } });
    if (fails) throw new Error('planted fault');
  },
});

beforeAll(async () => {
  [database, folder] = await Promise.all([testDatabase(), tempFolder()]);
  repo = path.join(folder.path, 'program');
  await exec('git', ['init', '--quiet', '--initial-branch=main', repo]);
  for (const tag of ['v1', 'v2', 'broken']) {
    await writeFile(path.join(repo, 'version'), tag);
    await git('add', '.');
    await git('commit', '--quiet', '-m', tag);
    await git('tag', tag);
  }
  await git('reset', '--quiet', '--hard', 'v1');
  await migrate(database.db);
  await rows().insertOne({ _id: 'p', name: 'Asha' });
});
afterAll(async () => {
  await database.drop();
  await folder.remove();
});

const checkedOut = async (): Promise<string> => await readFile(path.join(repo, 'version'), 'utf8');
const said: string[] = [];
function steps(): UpgradeSteps {
  const target = new FolderTarget(path.join(folder.path, 'backups'));
  return {
    ...{ noteFile: path.join(folder.path, 'upgrade.json'), version: '1', git },
    say: (line) => void said.push(line),
    backup: async () => (await backUp(database.db, target, key)).name,
    restore: async () => {
      await database.db.dropDatabase();
      await restoreInto(database.db, target, key);
    },
    install: async () => undefined,
    probe: async () => {
      const [known, version] = [[...migrations], await checkedOut()];
      await migrate(database.db, Date.now, [...known, later(version === 'broken')]);
    },
  };
}

test('[H6] an upgrade whose migration fails says so, and code and data are as before', async () => {
  await expect(upgrade(steps(), 'broken')).rejects.toThrow(/upgrade to broken failed: planted fault/);
  expect(said.join('\n')).toMatch(/failed: planted fault\n.*rolling back to 1/);
  expect(await checkedOut()).toBe('v1');
  expect(await git('branch', '--show-current')).toBe('main');
  expect(await rows().find().toArray()).toEqual([{ _id: 'p', name: 'Asha' }]);
  await migrate(database.db);
  await expect(rollback(steps())).rejects.toThrow(/no upgrade to roll back/);
});

test('[H6] one that succeeds keeps the old version out of the new data, and can be taken back', async () => {
  await expect(upgrade(steps(), 'no-such-version')).rejects.toThrow(/no version "no-such-version"/);
  expect(await upgrade(steps(), 'v1')).toBeNull();
  await writeFile(path.join(repo, 'version'), 'changed by hand');
  await expect(upgrade(steps(), 'v2')).rejects.toThrow(/Files of the program were changed/);
  await git('checkout', '--quiet', 'version');

  expect(await upgrade(steps(), 'v2')).toMatchObject({ phase: 'done', version: '1' });
  expect([await checkedOut(), (await rows().findOne({}))?.name]).toEqual(['v2', 'changed']);
  await expect(migrate(database.db)).rejects.toThrow(SchemaError);
  await expect(migrate(database.db)).rejects.toThrow(/newer than this program: .*9999-names-apart/);

  await rollback(steps());
  expect([await checkedOut(), (await rows().findOne({}))?.name]).toEqual(['v1', 'Asha']);
  await migrate(database.db);
  expect((await lastUpgrade(steps().noteFile))?.phase).toBe('rolledBack');
});
