import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ArchiveKeys } from '../../../server/backup/archiveKeys.ts';
import { Backups } from '../../../server/backup/Backups.ts';
import { keysIn } from '../../../server/backup/load.ts';
import { BackupMetrics } from '../../../server/backup/metrics.ts';
import { keyringName } from '../../../server/backup/names.ts';
import { archivesAt } from '../../../server/backup/take.ts';
import { FolderTarget } from '../../../server/backup/targets/FolderTarget.ts';
import { MasterKeys } from '../../../server/keys/MasterKeys.ts';
import { PatientKeys } from '../../../server/keys/PatientKeys.ts';
import { createLogger } from '../../../server/support/logger.ts';
import { tempFolder } from '../../support/backups.ts';
import { testDatabase, type TestDatabase } from '../../support/database.ts';
import { testHub } from '../../support/hub.ts';
import { until } from '../../support/until.ts';

const key = [randomBytes(32).toString('base64')];
const hour = 3600_000;
let database: TestDatabase;
let place: Awaited<ReturnType<typeof tempFolder>>;
let folder: string;
let count = 0;
beforeAll(async () => {
  [database, place] = await Promise.all([testDatabase(), tempFolder()]);
  await database.db.collection<{ _id: string }>('patients').insertOne({ _id: 'p' });
});
afterAll(async () => {
  await database.drop();
  await place.remove();
});
beforeEach(async () => {
  folder = path.join(place.path, `t${++count}`);
  await database.db.collection('backups').deleteMany({});
});

/** A hub's backups, at a time of the test's own. */
function backupsOf(hub: string, clock: { now: number }, registry = new Registry()): Backups {
  const now = (): number => clock.now;
  return new Backups({
    ...{ db: database.db, hub, engine: 'test', now, settleMs: 100 },
    config: { target: { kind: 'folder', folder }, at: 150, keep: { daily: 2, weekly: 0, monthly: 0 } },
    archiveKeys: new ArchiveKeys(key),
    patientKeys: new PatientKeys(database.db, new MasterKeys(key), now),
    metrics: new BackupMetrics(registry, now),
    log: createLogger('silent'),
    zone: async () => 'Asia/Kolkata',
  });
}
const archives = async () => await archivesAt(new FolderTarget(folder));
const last = async (backups: Backups) => (await backups.status()).last;

describe('[H6] scheduled backups', () => {
  test('of two hubs one takes it, once a day; the newest is read back; old ones go', async () => {
    const clock = { now: Date.parse('2026-11-21T02:31:00+05:30') };
    const registry = new Registry();
    const hubs = [backupsOf('one', clock, registry), backupsOf('two', clock)] as const;
    const [one, two] = hubs;
    const tick = async (): Promise<void> => void (await Promise.all(hubs.map((hub) => hub.tick())));
    await tick();
    await until('the backup is taken', async () => (await last(one)) !== null, { timeoutMs: 30_000 });
    expect(await archives()).toHaveLength(1);
    await until(
      'it is read back',
      async () => {
        await tick();
        return (await two.status()).verified?.good;
      },
      { timeoutMs: 30_000 },
    );
    expect(await archives()).toHaveLength(1);
    expect(await registry.metrics()).toMatch(/nadi_backup_bytes [1-9]/);

    for (let day = 1; day <= 3; day++) {
      clock.now += 24 * hour;
      const { last: before } = await one.status();
      await tick();
      await until('the next day’s', async () => (await last(one))?.at !== before?.at, { timeoutMs: 30_000 });
    }
    // Whichever hub took it, both show it.
    await until(
      'hub one shows the newest',
      async () => {
        await one.tick();
        return (await registry.metrics()).includes('nadi_backup_age_seconds 0\n');
      },
      { timeoutMs: 30_000 },
    );
    await one.stop();
    await two.stop();
    // The two of the last days, and the one that was read back.
    expect(await archives()).toHaveLength(3);
    expect((await one.status()).late).toBe(false);
    clock.now += 37 * hour;
    expect(await one.status()).toMatchObject({ late: true, running: false });
    expect(await registry.metrics()).toContain(`nadi_backup_age_seconds ${37 * 3600}\n`);
  });

  test('what fails is told and tried again; what a dead hub began is taken over', async () => {
    const clock = { now: Date.parse('2026-11-21T02:31:00+05:30') };
    const backups = backupsOf('one', clock);
    await new FolderTarget(place.path).put(path.basename(folder), Readable.from([Buffer.from('in the way')]));
    await backups.tick();
    await until('it failed', async () => (await backups.status()).failed?.fault === 'target', { timeoutMs: 30_000 });
    await rm(folder);
    await backups.tick();
    expect((await backups.status()).running).toBe(false);
    clock.now += 6 * 60_000;
    await backups.tick();
    await until('it is good at the second try', async () => (await last(backups)) !== null, { timeoutMs: 30_000 });
    expect((await backups.status()).failed).toBeNull();
    await backups.stop();

    clock.now += 24 * hour;
    const slot = new Date(Date.parse('2026-11-22T02:30:00+05:30')).toISOString();
    await database.db.collection<{ _id: string }>('backups').insertOne({
      ...{ _id: slot, kind: 'backup', state: 'running', hub: 'dead', attempts: 1 },
      ...{ startedAt: clock.now - 60_000, aliveAt: clock.now - 60_000 },
    });
    const other = backupsOf('two', clock);
    await other.tick();
    expect(await archives()).toHaveLength(1);
    clock.now += 60_000;
    await until(
      'it is taken over',
      async () => {
        await other.tick();
        return (await archives()).length === 2;
      },
      { timeoutMs: 30_000 },
    );
    await other.stop();
  });

  test('[H3] an erasure leaves the key in no copy, also when a writer that died put an older one back', async () => {
    const clock = { now: Date.now() };
    const keys = new PatientKeys(database.db, new MasterKeys(key), () => clock.now);
    await keys.keyOf('erased');
    await keys.keyOf('stays');
    const backups = backupsOf('one', clock);
    const target = new FolderTarget(folder);
    const held = async (): Promise<string> => {
      const file = await target.find(keyringName);
      const found: unknown[] = [];
      for await (const one of keysIn(new ArchiveKeys(key), target, file!)) found.push(one);
      return JSON.stringify(found);
    };
    await backups.keyring.rewrite();
    const before = await held();
    const older = await target.read(keyringName, 0);
    expect(before.match(/"wrapped"/g)).toHaveLength(2);
    const wrapped = before.split('"bytes":"')[1]?.split('"')[0] ?? '';

    await keys.destroy('erased');
    await backups.keyring.rewrite();
    expect((await held()).match(/"wrapped"/g)).toHaveLength(1);
    expect(await held()).toContain('"destroyedAt"');

    // A hub that died had begun before, and its older copy arrived last.
    await target.put(keyringName, older);
    expect(await held()).toContain(wrapped);
    await database.db
      .collection<{ _id: string }>('backups')
      .updateOne({ _id: 'keyring' }, { $set: { 'writers.dead': clock.now - 16 * 60_000 } });
    await database.db.collection<{ _id: string }>('backups').insertOne({
      ...{
        _id: 'verify',
        kind: 'verify',
        state: 'done',
        hub: 'x',
        attempts: 1,
        startedAt: clock.now,
        aliveAt: clock.now,
      },
    });
    await until(
      'a hub wrote it anew',
      async () => {
        await backups.tick();
        return (await held()).match(/"wrapped"/g)?.length === 1;
      },
      { timeoutMs: 30_000 },
    );
    await backups.stop();
  });
});

test('[H6] an admin sees how backups stand and takes one; nobody else may', async () => {
  const hub = await testHub({ NADI_BACKUP_TARGET: folder });
  try {
    const admin = await hub.as('admin');
    expect(await admin.call('backup.status', {})).toMatchObject({ target: folder, failed: null, late: false });
    // The hub may be taking today's at this moment: then the wish comes after it.
    const requestId = '0192aaaa-0000-7000-8000-000000000001';
    await until('it is begun', async () => await admin.call('backup.start', {}, requestId), { timeoutMs: 30_000 });
    await admin.call('backup.start', {}, requestId);
    const runs = hub.database.db.collection('backups');
    const asked = { _id: { $gt: 'asked ', $lt: 'asked!' }, state: 'done' } as object;
    await until('it is taken', async () => await runs.findOne(asked), { timeoutMs: 30_000 });
    expect((await admin.call('backup.status', {})).last?.bytes).toBeGreaterThan(1_000);
    expect(await runs.countDocuments(asked)).toBe(1);
    expect((await archives()).length).toBeGreaterThanOrEqual(1);
    for (const who of ['doctor', 'staff', 'patient']) {
      const other = await hub.as(who);
      for (const name of ['backup.status', 'backup.start']) {
        const refused = await other.op(
          name,
          {},
          name === 'backup.start' ? '0192aaaa-0000-7000-8000-000000000002' : undefined,
        );
        expect(refused).toMatchObject({ ok: false, error: { code: 'FORBIDDEN' } });
      }
    }
  } finally {
    await hub.close();
  }
});
