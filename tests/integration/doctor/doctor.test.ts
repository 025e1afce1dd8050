import { execFile, spawn } from 'node:child_process';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { MongoClient } from 'mongodb';
import { SMTPServer } from 'smtp-server';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { checks } from '../../../scripts/doctor/checks/index.ts';
import { exitCode } from '../../../scripts/doctor/report.ts';
import type { Result } from '../../../scripts/doctor/diagnose.ts';
import { generateSecrets } from '../../../scripts/support/secrets.ts';
import type { Doc } from '../../../server/store/mongo.ts';
import { freePort } from '../../support/ports.ts';
import { startTimeServer } from '../../support/timeServer.ts';
import { until } from '../../support/until.ts';
import type { Wanted } from '../../support/authority.ts';
import { startInstallation, type Env, type Installation } from './installation.ts';

const run = promisify(execFile);

let installation: Installation;
beforeAll(async () => {
  installation = await startInstallation();
});
afterAll(() => installation.close());

const undo: (() => Promise<unknown>)[] = [];
beforeEach(() => undo.splice(0));
afterEach(async () => {
  for (const step of undo.toReversed()) await step();
});

const behind: Installation['behind'] = async (pair, faults) => {
  undo.push(installation.mend);
  await installation.behind(pair, faults);
};
const bad = (results: readonly Result[]): string[] =>
  results.filter(({ status }) => status === 'fail').map(({ id }) => id);
const of = (results: readonly Result[], id: string): Result => results.find((one) => one.id === id)!;

/** Nothing that is secret may be in what is shown. */
function expectNoSecret(results: readonly Result[] | string, more: Env = {}): void {
  const shown = JSON.stringify(results);
  for (const [name, value] of Object.entries({ ...installation.env, ...more })) {
    if (/SECRET|_KEY|TOKEN/.test(name) && !name.includes('PUBLIC')) expect(shown, name).not.toContain(value);
  }
  expect(shown).not.toContain('clinic:secret');
}

/** Examines with a fault planted: `id` must tell it, and only what follows from it may be at fault beside. */
async function expectFault(
  { id, says, also = [], status = 'fail' }: { id: string; says: RegExp; also?: string[]; status?: string },
  more: Env = {},
  options: Parameters<Installation['examine']>[1] = {},
): Promise<void> {
  const results = await installation.examine(more, options);
  const found = of(results, id);
  expect(found, JSON.stringify(found)).toMatchObject({ status, finding: expect.stringMatching(says) });
  expect(found.remedy).toBeTruthy();
  expect(bad(results).filter((one) => one !== id && !also.includes(one))).toEqual([]);
  expectNoSecret(results, more);
}

describe('[H6] doctor', () => {
  test('a healthy installation: nothing at fault, and warned of only what is so', async () => {
    const results = await installation.examine();
    expect(results.filter(({ status }) => status === 'fail')).toEqual([]);
    // Which Node runs this is not the installation's doing.
    const warned = results.filter(({ id, status }) => status === 'warn' && id !== 'node').map(({ id }) => id);
    expect(warned).toEqual(['durability', 'backup']);
    expect(of(results, 'backup').finding).toContain('same disk');
    expect(of(results, 'durability').finding).toContain('without a replica set');
    expect(results.map(({ id }) => id)).toEqual(checks.map(({ id }) => id));
    for (const id of ['hub', 'proxy', 'certificate', 'media-nodes', 'media-ports', 'turn', 'mail', 'keys', 'clock']) {
      expect(of(results, id), id).toMatchObject({ status: 'ok' });
    }
    expectNoSecret(results);
  });

  test('[I2] as a command: JSON, an exit code, and no secret', async () => {
    const main = join(import.meta.dirname, '../../../scripts/doctor.ts');
    const args = ['--import', 'tsx', main, '--json', '--offline', '--only', 'settings,files,database,keys,certificate'];
    const ca = join(installation.authority.root.folder, 'cert.pem');
    const env = { PATH: process.env['PATH'], NADI_CONFIG: installation.file, NODE_EXTRA_CA_CERTS: ca };
    const [healthy, failed] = await Promise.all([
      run(process.execPath, args, { env }),
      run(process.execPath, args, { env: { ...env, NADI_KEY: generateSecrets().NADI_KEY } }).then(
        (): { code?: number; stdout?: string } => ({}),
        (error: { code?: number; stdout?: string }) => error,
      ),
    ]);
    expect(JSON.parse(healthy.stdout)).toMatchObject({ status: 'ok', checks: expect.any(Array) });
    expect(failed.code).toBe(2);
    expect(JSON.parse(failed.stdout!)).toMatchObject({ status: 'fail' });
    expectNoSecret(failed.stdout!);
    expect(exitCode([])).toBe(0);
  });

  describe('planted faults, each told by its own check', () => {
    test('settings that others may read', async () => {
      await chmod(installation.file, 0o644);
      undo.push(() => chmod(installation.file, 0o600));
      await expectFault({ id: 'files', says: /others on this machine may read/ });
    });

    test('settings that are wrong, all of them at once', async () => {
      const more = { NADI_SECRET: 'short', SFU_WORKERS: 'many', NADI_VAPID_PRIVATE_KEY: '' };
      const results = await installation.examine(more);
      expect(bad(results)).toEqual(['settings']);
      expect(of(results, 'settings').finding).toMatch(/NADI_SECRET.*NADI_VAPID_PRIVATE_KEY|SFU_WORKERS/);
    });

    test('another NADI_KEY than the one the database was written with', async () => {
      const { NADI_KEY } = generateSecrets();
      await expectFault({ id: 'keys', says: /1 of 1 keys do not open/ }, { NADI_KEY });
    });

    test('a grant key of another installation', async () => {
      const { NADI_GRANT_PRIVATE_KEY } = generateSecrets();
      const also = ['media-ports'];
      await expectFault({ id: 'settings', says: /not the other half/, also }, { NADI_GRANT_PRIVATE_KEY });
    });

    test('a port that another program has taken', async () => {
      const port = String(await freePort());
      const code = `require('http').createServer((q, r) => r.end('mine')).listen(${port}, '127.0.0.1', () => console.log('up'))`;
      const other = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
      undo.push(async () => other.kill('SIGKILL'));
      await new Promise((resolve) => other.stdout.once('data', resolve));
      const says = new RegExp(`${port}/tcp \\(the hub\\) is taken by \\S+ \\(${other.pid}\\)`);
      await expectFault({ id: 'ports', says, also: ['hub'] }, { PORT: port });
    });

    test('a disk that is full', async () => {
      const data = join(installation.folder, 'full');
      await mkdir(data, { mode: 0o700 });
      // Without the right to mount, a file system that has no room by nature.
      const mounted = await run('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=700', 'tmpfs', data]).then(
        () => true,
        () => false,
      );
      if (mounted) {
        undo.push(() => run('umount', [data]));
        await writeFile(join(data, 'filler'), Buffer.alloc(128 * 1024)).catch(() => undefined);
      }
      const also = ['data-folder', 'files'];
      await expectFault({ id: 'disk', says: /data folder: 0 MiB free/, also }, { NADI_DATA: mounted ? data : '/proc' });
    });

    test('a clock that is wrong', async () => {
      const [far, near] = [await startTimeServer(45_000), await startTimeServer(-5_000)];
      undo.push(far.close, near.close);
      await expectFault({ id: 'clock', says: /45 s behind/ }, {}, { ntp: far.address });
      await expectFault({ id: 'clock', says: /5\.\d s ahead/, status: 'warn' }, {}, { ntp: near.address });
    });

    test('a database that is not there', async () => {
      const only = ['database', 'durability', 'disk', 'clock', 'time-zones'];
      const MONGODB_URI = `mongodb://clinic:secret@127.0.0.1:${await freePort()}`;
      // A driver goes on looking for a server for as long as it is let.
      const results = await installation.examine({ MONGODB_URI }, { answerMs: 1_000 }, only);
      expect(bad(results)).toEqual(['database']);
      expect(of(results, 'database').finding).toMatch(/cannot be reached.*ECONNREFUSED/);
      expectNoSecret(results);
    });

    test('an engine that answers before it has written', async () => {
      const cluster = join(installation.env['NADI_DATA']!, 'database/documentdb/cluster');
      await mkdir(cluster, { recursive: true });
      undo.push(() => rm(join(installation.env['NADI_DATA']!, 'database'), { recursive: true }));
      await writeFile(join(cluster, 'nadi.conf'), 'fsync = on\nsynchronous_commit = on\n');
      await writeFile(join(cluster, 'postgresql.auto.conf'), "fsync = 'off'\n");
      await expectFault({ id: 'durability', says: /before it has written: fsync is off/ });
    });

    test('a database of a newer version, with effects that wait and jobs that fail', async () => {
      const dbName = `${installation.env['MONGODB_DB']!}_old`;
      const client = await MongoClient.connect(installation.env['MONGODB_URI']!);
      const db = client.db(dbName);
      undo.push(async () => {
        await db.dropDatabase();
        await client.close();
      });
      const long = Date.now() - 3600_000;
      await db.collection<Doc>('migrations').insertOne({ _id: '9999-future', state: 'done' });
      await db.collection<Doc>('events').insertOne({ _id: 'queue:x:1', due: long, at: long });
      await db.collection('agendaJobs').insertOne({ name: 'sweep', nextRunAt: new Date(long) });
      const results = await installation.examine({ MONGODB_DB: dbName });
      expect(bad(results)).toEqual(['migrations', 'jobs']);
      expect(of(results, 'migrations').finding).toContain('newer Nadi: 9999-future');
      expect(of(results, 'jobs').finding).toBe('jobs do not run: sweep; effects that wait for more than 10 minutes: 1');
    });

    test('a backup that is old, and none at all', async () => {
      const dbName = `${installation.env['MONGODB_DB']!}_stale`;
      const client = await MongoClient.connect(installation.env['MONGODB_URI']!);
      undo.push(async () => {
        await client.db(dbName).dropDatabase();
        await client.close();
      });
      const startedAt = Date.now() - 50.5 * 3600_000;
      const run = { kind: 'backup', state: 'done', startedAt, aliveAt: startedAt };
      await client
        .db(dbName)
        .collection<Doc>('backups')
        .insertMany([
          { _id: 'good', ...run },
          { _id: 'bad', ...run, state: 'failed', startedAt: Date.now() },
        ]);
      await expectFault({ id: 'backup', says: /last good backup is 50 h old/ }, { MONGODB_DB: dbName });
      await expectFault({ id: 'backup', says: /nothing is backed up/ }, { NADI_BACKUP_TARGET: '' });
    });

    test('Redis that is away', async () => {
      const url = `redis://:hidden-password@127.0.0.1:${await freePort()}`;
      await expectFault({ id: 'redis', says: /does not answer/ }, { REDIS_URL: url });
    });

    test('a mail server that refuses the password, us, or shows a certificate nobody trusts', async () => {
      const wrong = installation.env['SMTP_URL']!.replace('secret', 'other-word');
      await expectFault({ id: 'mail', says: /refuses our user or password/ }, { SMTP_URL: wrong });

      const rude = createServer((socket) => socket.on('error', () => undefined).end('554 go away\r\n'));
      const port = await freePort();
      await new Promise<void>((resolve) => void rude.listen(port, '127.0.0.1', resolve));
      undo.push(() => new Promise((resolve) => void rude.close(resolve)));
      await expectFault({ id: 'mail', says: /refuses us.*554/ }, { SMTP_URL: `smtp://127.0.0.1:${port}` });

      // What smtp-server shows of its own is signed by itself.
      const own = new SMTPServer({ secure: true, authOptional: true });
      own.on('error', () => undefined);
      const secure = await freePort();
      await new Promise<void>((resolve) => void own.listen(secure, '127.0.0.1', resolve));
      undo.push(() => new Promise<void>((resolve) => own.close(resolve)));
      const url = `smtps://localhost:${secure}`;
      await expectFault({ id: 'mail', says: /certificate is not trusted/ }, { SMTP_URL: url });
    });

    test('TURN with another secret, or not there', async () => {
      const more = { SFU_TURN_SECRET: 'another-secret-than-theirs' };
      await expectFault({ id: 'turn', says: /refuses our credentials \(401/ }, more);
      const SFU_TURN_URLS = `turn:127.0.0.1:${await freePort()}?transport=tcp`;
      await expectFault({ id: 'turn', says: /does not relay/ }, { SFU_TURN_URLS });
    });

    test('a public address without https', async () => {
      const more = { NADI_PUBLIC_URL: 'http://clinic.invalid' };
      await expectFault({ id: 'cameras', says: /no camera and no microphone/, also: ['proxy', 'media-ports'] }, more);
    });

    const certificates: [string, Wanted, RegExp][] = [
      ['has expired', { names: ['localhost'], from: -30, to: -1 }, /expired on/],
      ['is not valid yet', { names: ['localhost'], from: 2, to: 90 }, /not valid before/],
      ['is for another name', { names: ['other.example'] }, /is for other\.example, not for localhost/],
      ['ends soon', { names: ['localhost'], to: 10 }, /in (9|10) days/],
    ];
    test.each(certificates)('a certificate that %s', async (what, wanted, says) => {
      const pair = await installation.authority.issue(wanted);
      const status = what === 'ends soon' ? 'warn' : 'fail';
      await behind(pair);
      await expectFault({ id: 'certificate', says, status });
    });

    test('a certificate without the one between, and with it', async () => {
      const between = await installation.authority.issue({});
      const pair = await installation.authority.issue({ names: ['localhost'], issuer: between });
      await behind(pair);
      await expectFault({ id: 'certificate', says: /chain of localhost is incomplete/ });
      await behind({ key: pair.key, cert: `${pair.cert}\n${between.cert}` });
      expect(of(await installation.examine(), 'certificate').status).toBe('ok');
    });

    test('a proxy that does not pass sockets, or does not say for whom it asks', async () => {
      const pair = await installation.authority.issue({ names: ['localhost'] });
      await behind(pair, { noUpgrade: true });
      await expectFault({ id: 'proxy', says: /WebSockets do not pass/, also: ['media-ports'] });
      await behind(pair, { silent: true });
      await expectFault({ id: 'proxy', says: /metrics are open to everybody/ });
    });

    test('a media node that is down', async () => {
      await installation.stopMedia();
      await until('the hub has noticed', async () => !(await fetch(`${installation.origins.hub}/readyz`)).ok, {
        timeoutMs: 30_000,
      });
      await expectFault({ id: 'media-nodes', says: /does not answer the hub/, also: ['hub'] });
    });
  });
});
