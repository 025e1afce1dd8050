import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MasterKeys } from '../../../server/keys/MasterKeys.ts';
import { keysCollection, PatientKeys } from '../../../server/keys/PatientKeys.ts';
import type { Doc } from '../../../server/store/mongo.ts';
import { testDatabase, type TestDatabase } from '../../support/database.ts';
import { until } from '../../support/until.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const count = 10_000;
let database: TestDatabase;
let folder: string;
let settings: string;
const first = randomBytes(32).toString('base64');

beforeAll(async () => {
  database = await testDatabase();
  folder = await mkdtemp(join(tmpdir(), 'nadi-keys-'));
  settings = join(folder, 'nadi.env');
  await writeFile(settings, `# our clinic\nPORT=4000\nNADI_KEY=${first}\n`);
  await chmod(settings, 0o600);
  const masters = new MasterKeys([first]);
  const docs = Array.from({ length: count }, (_, i) => {
    const _id = `p${String(i).padStart(5, '0')}`;
    return { _id, wrapped: masters.newKey(_id).wrapped, createdAt: 1 };
  });
  await keys().insertMany(docs);
});
afterAll(async () => {
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

const keys = () => database.db.collection<Doc>(keysCollection);
const notBy = (kid: string) => keys().countDocuments({ 'wrapped.kid': { $ne: kid } });

function begin(args: readonly string[], input = '') {
  const { NADI_KEY: _none, NADI_OLD_KEYS: _neither, ...rest } = process.env;
  const child = spawn(process.execPath, ['--import', 'tsx', join(root, 'scripts/keys.ts'), ...args], {
    cwd: root,
    env: { ...rest, NADI_CONFIG: settings, NADI_DATA: folder, MONGODB_URI: database.uri, MONGODB_DB: database.dbName },
    stdio: 'pipe',
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  child.stdin.end(input);
  const ended = once(child, 'close').then(() => ({ code: child.exitCode, said }));
  return { child, ended };
}
const command = (args: readonly string[], input = '') => begin(args, input).ended;
const settingsNow = async () => {
  const text = await readFile(settings, 'utf8');
  const of = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1] ?? '';
  return { text, key: of('NADI_KEY'), old: of('NADI_OLD_KEYS') };
};

describe('npm run keys', { timeout: 240_000 }, () => {
  test('rotates 10,000 keys, killed in the middle and run again; no key is ever shown', async () => {
    const subject = await new PatientKeys(database.db, new MasterKeys([first]), Date.now).keyOf('p00077');
    expect((await command(['check'])).said).toMatch(/wraps 10000 keys[\s\S]*every key opens/);

    // A hub that knows only the old key must be started again first: nothing is wrapped by the new one.
    const pulse = { beat: 1, at: Date.now() + 3_600_000, key: new MasterKeys([first]).current };
    const hubs = database.db.collection<Doc>('presence');
    await hubs.insertOne({ _id: 'hub', ...pulse });
    const waiting = await command(['rotate']);
    expect(waiting).toMatchObject({ code: 0 });
    expect(waiting.said).toContain('1 running hub(s) do not know it yet');
    const { text, key, old } = await settingsNow();
    expect([key === first, old]).toEqual([false, first]);
    expect(text).toContain('# our clinic\nPORT=4000\n');
    expect((await stat(settings)).mode & 0o077).toBe(0);
    const fresh = new MasterKeys([key]).current;
    expect(await notBy(fresh)).toBe(count);
    await hubs.updateOne({ _id: 'hub' }, { $set: { key: fresh } });

    const killed = begin(['rotate']);
    // A command begins by translating its sources, which on a busy machine takes its time.
    const begun = async () => (await notBy(fresh)) < count;
    await until('some keys to be wrapped anew, or all', begun, { timeoutMs: 60_000 });
    killed.child.kill('SIGKILL');
    await killed.ended;
    await hubs.deleteMany({});

    const again = await command(['rotate']);
    expect(again.code).toBe(0);
    // It may have got through just before the signal; then this was one more rotation.
    const now = await settingsNow();
    const current = new MasterKeys([now.key]).current;
    expect(await notBy(current)).toBe(0);
    expect(now.old.split(',')).toContain(first);
    const checked = await command(['check']);
    expect(checked.said).toMatch(/wraps 10000 keys/);
    expect(checked.said).toContain(`older key   ${new MasterKeys([first]).current}  wraps 0 keys: not needed`);
    expect(await new PatientKeys(database.db, new MasterKeys([now.key]), Date.now).keyOf('p00077')).toEqual(subject);
    for (const said of [waiting.said, again.said, checked.said]) {
      for (const secret of [first, key, now.key]) expect(said).not.toContain(secret);
    }
  });

  test('a sheet brings the key back into empty settings; a wrong one is refused', async () => {
    const before = await settingsNow();
    const { said } = await command(['sheet']);
    const groups = (said.match(/^ {2}\S.*$/gm) ?? []).flatMap((line) => line.trim().split(/\s+/));
    expect(groups).toHaveLength(13);
    expect(said).toContain(new MasterKeys([before.key]).current);
    await writeFile(settings, 'PORT=4000\n');
    expect((await command(['check'])).code).toBe(1);
    const wrong = await command(['enter'], `${groups.slice(1).join(' ')}\n\n`);
    expect([wrong.code, wrong.said.includes('That is not a key')]).toEqual([1, true]);
    expect(
      (await command(['enter'], `${groups.slice(0, 5).join(' ')}\n${groups.slice(5).join(' ').toLowerCase()}\n\n`))
        .code,
    ).toBe(0);
    expect((await settingsNow()).key).toBe(before.key);
    expect((await command(['check'])).said).toContain('every key opens');
    await keys().updateOne({ _id: 'p00001' }, { $set: { 'wrapped.bytes': Buffer.alloc(60).toString('base64') } });
    const broken = await command(['check']);
    expect([broken.code, broken.said.includes('1 keys do not open')]).toEqual([1, true]);
    // Somebody else's key in these settings opens nothing.
    await writeFile(settings, `NADI_KEY=${randomBytes(32).toString('base64')}\n`);
    expect((await command(['status'])).said).toContain('cannot be opened without it');
    expect((await command(['rotate'])).code).toBe(1);
  });
});
