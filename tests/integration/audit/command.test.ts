import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readAuditKey } from '../../../server/audit/chain.ts';
import { BadExport, fileSource } from '../../../server/audit/exportFile.ts';
import { verifyAudit, type Verified } from '../../../server/audit/verify.ts';
import { testHub } from '../../support/hub.ts';
import { testDatabase, type TestDatabase } from '../../support/database.ts';
import { act, newKey, writer } from './support.ts';

const key = newKey();
const trusted = new Set([readAuditKey(key).publicKey]);
let database: TestDatabase;
let folder: string;
let whole: string[];

function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const env = {
    ...{ PATH: process.env['PATH'], NADI_DATA: folder, NADI_AUDIT_PRIVATE_KEY: key },
    ...{ MONGODB_URI: database.uri, MONGODB_DB: database.dbName },
  };
  const command = ['--import', 'tsx', path.resolve('scripts/audit.ts'), ...args];
  return new Promise((resolve) => {
    execFile(process.execPath, command, { env }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr });
    });
  });
}

beforeAll(async () => {
  database = await testDatabase();
  folder = await mkdtemp(path.join(tmpdir(), 'nadi-audit-'));
  const clock = { now: Date.parse('2026-03-01T10:00:00Z') };
  const signer = readAuditKey(key);
  for (let process = 0; process < 2; process++) {
    const log = writer(database.db, signer, clock);
    for (let n = 0; n < 6; n++) await act(log, n);
    await log.root();
    await act(log, 7);
    if (process === 0) await log.close();
  }
  const out = path.join(folder, 'all.ndjson');
  expect(await run('export', '--out', out)).toMatchObject({ code: 0 });
  whole = (await readFile(out, 'utf8')).trimEnd().split('\n');
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await database.drop();
});

/** Verifies the exported file after something was done to its lines. */
async function after(change: (lines: string[]) => void): Promise<Verified> {
  const lines = [...whole];
  change(lines);
  const file = path.join(folder, 'changed.ndjson');
  await writeFile(file, `${lines.join('\n')}\n`);
  return await verifyAudit(await fileSource(file, trusted), { trusted });
}
const found = ({ problems }: Verified) => problems.map(({ kind, at }) => [kind, at]);

test('[H4] the command verifies a database and a file, and says the exact place by exit code 1', async () => {
  expect(await run('verify')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^33 records in 2 chains.*✓/s) });
  const file = path.join(folder, 'all.ndjson');
  expect(await run('verify', '--file', file)).toMatchObject({ code: 0 });
  expect(await run('verify', '--file', file, '--public-key', readAuditKey(newKey()).publicKey)).toMatchObject({
    code: 1,
  });
  const audit = database.db.collection<{ _id: string }>('audit');
  const victim = await audit.findOne({ n: 5 }, { sort: { _id: 1 } });
  await audit.updateOne({ _id: victim?._id ?? '' }, { $set: { accountId: 'somebody-else' } });
  const { code, stdout } = await run('verify');
  expect(code).toBe(1);
  expect(stdout).toMatch(new RegExp(`✗ changed: ${String(victim?._id).split(':')[0]}, 5: `));
  await audit.replaceOne({ _id: victim?._id ?? '' }, { ...victim });
  expect(await run('verify', '--nonsense')).toMatchObject({ code: 2 });
});

describe('[H4] in a file', () => {
  test('nothing is wrong as it was made', async () => {
    expect(await after(() => undefined)).toMatchObject({ ok: true, records: 33, chains: 2 });
  });

  test.each<[string, (lines: string[]) => void, (string | undefined)[][]]>([
    ['a changed record', (all) => (all[3] = all[3]?.replace('account-1', 'account-2') ?? ''), [['changed', '3']]],
    ['a removed record', (all) => all.splice(4, 1), [['removed', '4']]],
    ['a removed end', (all) => all.splice(-3, 2), [['tail removed', '14–15']]],
    ['a removed chain', (all) => all.splice(0, 17), [['chain removed', '–16']]],
    ['an inserted record', (all) => all.splice(6, 0, all[5] ?? ''), [['inserted', '5']]],
    ['a moved record', (all) => all.splice(9, 0, ...all.splice(3, 1)), [['reordered', '3']]],
    ['a record moved to another chain', (all) => all.splice(25, 0, ...all.splice(3, 1)), [['reordered', '3']]],
    ['a line that is no record', (all) => all.splice(3, 0, 'x'), [['inserted', 'line 4']]],
  ])('%s is found', async (_what, change, expected) => {
    expect(found(await after(change))).toEqual(expect.arrayContaining(expected));
  });

  test('a list that was cut off or changed is refused', async () => {
    await expect(after((all) => all.pop())).rejects.toThrow(BadExport);
    const more = (all: string[]): void => void all.push((all.pop() ?? '').replace('"records":33', '"records":30'));
    await expect(after(more)).rejects.toThrow(/changed after it was signed/);
  });
});

test('[H4] a part of the time is whole in itself', async () => {
  const file = path.join(folder, 'part.ndjson');
  const [from, to] = ['2026-03-01T10:00:05Z', '2026-03-01T10:00:20Z'];
  expect(await run('export', '--from', from, '--to', to, '--out', file)).toMatchObject({ code: 0 });
  const verified = await verifyAudit(await fileSource(file, trusted), { trusted });
  expect(verified).toMatchObject({ ok: true, chains: 2, problems: [] });
  expect(verified.records).toBe(16);
});

test('[H4] a hub writes its chain from start to stop, and copies its roots to a folder', async () => {
  const hub = await testHub(
    { NADI_AUDIT_ROOTS_DIR: path.join(folder, 'roots'), NADI_AUDIT_ROOT_MS: '200' },
    { database },
  );
  const asha = await hub.as('patient');
  await asha.call('queue.history', {});
  const { publicKey } = readAuditKey(hub.env['NADI_AUDIT_PRIVATE_KEY'] ?? '');
  await hub.close();
  const both = [...trusted, publicKey].join(',');
  const { code, stdout } = await run('verify', '--public-key', both, '--roots-dir', path.join(folder, 'roots'));
  expect([code, stdout]).toEqual([0, expect.stringContaining('3 chains')]);
  // The whole chain of the hub is taken away, with all that others know of it: the copies still tell.
  const { deletedCount } = await database.db.collection('audit').deleteMany({ publicKey });
  expect(deletedCount).toBeGreaterThan(0);
  expect((await run('verify', '--public-key', both, '--roots-dir', path.join(folder, 'roots'))).code).toBe(1);
});
