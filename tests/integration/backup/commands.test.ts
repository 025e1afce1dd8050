import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { backUp } from '../../support/backups.ts';
import { S3Target } from '../../../server/backup/targets/S3Target.ts';
import { migrate } from '../../../server/store/migrations/index.ts';
import { readConfig } from '../../../server/config.ts';
import { createApp } from '../../../server/app.ts';
import { testDatabase, type TestDatabase } from '../../support/database.ts';
import { hubEnvironment } from '../../support/hub.ts';
import { S3Server } from '../../support/providers/s3Server.ts';
import { until } from '../../support/until.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const key = randomBytes(32).toString('base64');
const s3 = new S3Server();
let endpoint: string;
let full: TestDatabase;
let fresh: TestDatabase;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  [endpoint, full, fresh] = await Promise.all([s3.start(), testDatabase(), testDatabase()]);
  env = {
    ...process.env,
    NADI_CONFIG: undefined,
    NADI_KEY: key,
    NADI_BACKUP_TARGET: `s3://${s3.bucket}/clinic`,
    NADI_BACKUP_S3_KEY_ID: s3.keyId,
    NADI_BACKUP_S3_SECRET: s3.secret,
    NADI_BACKUP_S3_REGION: s3.region,
    NADI_BACKUP_S3_ENDPOINT: endpoint,
    MONGODB_URI: fresh.uri,
    MONGODB_DB: fresh.dbName,
  };
  await migrate(full.db);
  // Enough that a restore can be stopped in the middle of it.
  const rows = Array.from({ length: 900 }, (_, i) => ({ _id: `r${i}`, bytes: randomBytes(2_000) }));
  await full.db.collection<{ _id: string; bytes: Buffer }>('remarks').insertMany(rows);
  await backUp(full.db, new S3Target({ ...s3, endpoint, prefix: 'clinic/' }), [key]);
});
afterAll(async () => {
  await full.drop();
  await fresh.drop();
  await s3.close();
});

interface Ran {
  readonly code: number | null;
  readonly said: string;
}
/** A command as npm hands it over. @param during runs while it does. */
async function run(
  script: string,
  args: readonly string[],
  more: NodeJS.ProcessEnv = {},
  during?: (kill: () => void) => Promise<void>,
): Promise<Ran> {
  const child = spawn(process.execPath, ['--import', 'tsx', `scripts/${script}.ts`, ...args], {
    cwd: root,
    env: { ...env, ...more },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (said += text.toString()));
  child.stdin.end(more['ANSWER'] ?? '');
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  await during?.(() => void child.kill('SIGKILL'));
  return { code: await ended, said };
}

test('[H6] npm run restore: killed in the middle it says so, keeps hubs away, and does it anew', async () => {
  const wrong = await run('restore', [], { NADI_KEY: randomBytes(32).toString('base64') });
  expect(wrong).toMatchObject({ code: 1, said: expect.stringMatching(/sealed with master key .*NADI_OLD_KEYS/s) });

  // The first look at each file, the proof, then the restore itself: that one is cut off, and its second try hangs.
  const archive = /GET .*nadi-\d+T/;
  s3.faults.push({ on: archive, fault: 'truncate', after: 2 }, { on: archive, fault: 'hang' });
  const killed = await run('restore', [], {}, async (kill) => {
    await until('the restore hangs in the middle', () => s3.faults.length === 0, { timeoutMs: 60_000 });
    kill();
  });
  expect(killed.code).toBeNull();
  await expect(createApp(readConfig({ ...hubEnvironment(fresh).env }))).rejects.toThrow(/restore .* was not finished/);

  const again = await run('restore', []);
  expect(again.said).toMatch(/interrupted here: it begins anew/);
  expect(again.said).toMatch(/remarks +900 of +900\n/);
  expect(again.code).toBe(0);
  expect(await fresh.db.collection('remarks').countDocuments()).toBe(900);

  const onto = await run('restore', []);
  expect(onto).toMatchObject({ code: 1, said: expect.stringContaining('The database is not empty') });
  const unsure = await run('restore', ['--replace'], { ANSWER: 'yes\n' });
  expect(unsure).toMatchObject({ code: 1, said: expect.stringContaining('Nothing was changed') });
  expect(await fresh.db.collection('remarks').countDocuments()).toBe(900);
});

test('[H6] npm run backup: takes one, lists, reads back', async () => {
  const [taken, verified] = [await run('backup', []), await run('backup', ['verify'])];
  expect(taken).toMatchObject({ code: 0, said: expect.stringContaining(`s3://${s3.bucket}/clinic/`) });
  expect(verified).toMatchObject({ code: 0, said: expect.stringContaining('Every byte is as it was written') });
  expect((await run('backup', ['list'])).said).toContain('2 backups at');
  expect([taken, verified].map(({ said }) => said).join('')).not.toContain(s3.secret);
});
