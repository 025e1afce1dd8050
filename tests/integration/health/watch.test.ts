import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { HealthWatch } from '../../../server/health/HealthWatch.ts';
import type { Level } from '../../../server/health/judgement.ts';
import { mendedMs } from '../../../server/health/watchRules.ts';
import type { Doc } from '../../../server/store/mongo.ts';
import { testDatabase, type TestDatabase } from '../../support/database.ts';
import { testHub } from '../../support/hub.ts';
import { testRepos } from '../../support/repos.ts';
import { until } from '../../support/until.ts';

const admins = ['00000000-0000-7000-8000-0000000000a1', '00000000-0000-7000-8000-0000000000a2'];

describe('[H6] alerts on disk, certificate and backup age', () => {
  let database: TestDatabase;
  let clock = 1_790_000_000_000;
  /** What the looks find. */
  let level: Level | null = 'ok';
  /** What admins were told and what was taken back, in order. */
  let told: string[] = [];
  let failing = false;

  beforeAll(async () => {
    database = await testDatabase();
    const accounts = database.db.collection<Doc>('accounts');
    await accounts.insertMany(admins.map((_id) => admin(_id)));
  });
  afterAll(() => database.drop());
  beforeEach(async () => {
    await database.db.collection('healthStates').deleteMany({});
    [level, told, failing] = ['ok', [], false];
  });

  const hub = (): HealthWatch =>
    new HealthWatch({
      db: database.db,
      repos: testRepos(database.db),
      notifier: {
        notify: async ({ accountId, notice }) => {
          if (failing && accountId === admins[1]) throw new Error('the process dies here');
          told.push(`${notice.kind} ${accountId.slice(-2)}`);
        },
        takeBack: async (accountId) => void told.push(`back ${accountId.slice(-2)}`),
      },
      log: pino({ level: 'silent' }),
      now: () => clock,
      looks: {
        disk: async () => level && { level, finding: 'as the test says' },
        certificate: async () => null,
        backup: async () => null,
      },
    });

  test('every admin once for each worsening, and taken back when it is mended for good', async () => {
    const watch = hub();
    await watch.look();
    expect(told).toEqual([]);
    level = 'warn';
    await watch.look();
    await watch.look();
    expect(told.sort()).toEqual(['system.disk a1', 'system.disk a2']);
    told = [];
    level = 'fail';
    await watch.look();
    expect(told).toHaveLength(2);
    told = [];
    // Better for a moment is not mended.
    level = 'ok';
    await watch.look();
    level = 'fail';
    await watch.look();
    level = null;
    await watch.look();
    expect(told).toEqual([]);
    level = 'ok';
    await watch.look();
    clock += mendedMs;
    await watch.look();
    expect(told.sort()).toEqual(['back a1', 'back a2']);
    expect(await watch.states()).toMatchObject([{ _id: 'disk', level: 'ok' }]);
  });

  test('many hubs at once are one', async () => {
    level = 'fail';
    await Promise.all(Array.from({ length: 6 }, async () => hub().look()));
    // Telling is idempotent by its cause: what counts is that all were told under one.
    expect(new Set(told)).toEqual(new Set(['system.disk a1', 'system.disk a2']));
    const [state] = await database.db.collection('healthStates').find().toArray();
    expect(state).toMatchObject({ level: 'fail', told: true, cause: `health:disk:${String(state!['since'])}` });
  });

  test('a telling that was broken off is finished by the next look', async () => {
    level = 'fail';
    failing = true;
    await hub().look();
    failing = false;
    level = null;
    await hub().look();
    expect(told).toContain('system.disk a2');
    expect(await database.db.collection('healthStates').findOne({ told: false })).toBeNull();
  });

  test('a hub on a full disk tells its admins by itself, and shows it in its metrics', async () => {
    const own = await testDatabase();
    await own.db.collection<Doc>('accounts').insertOne(admin(admins[0]!));
    // A file system that has no room by nature.
    const running = await testHub({ NADI_MODE: 'production', NADI_DATA: '/proc' }, { database: own });
    try {
      const stream = `notifications:${admins[0]}`;
      const event = await until(
        'the admin to be told',
        () => own.db.collection('events').findOne({ stream, type: 'notified' }),
        { timeoutMs: 30_000 },
      );
      expect(event['data']).toMatchObject({ notice: { kind: 'system.disk' } });
      const metrics = await (await fetch(`${running.url}/metrics`)).text();
      expect(metrics).toMatch(/^nadi_health\{check="disk"\} 2$/m);
      expect(metrics).toMatch(/^nadi_disk_free_bytes 0$/m);
      expect(metrics).toMatch(/^nadi_log_errors_last_hour \d+$/m);
    } finally {
      await running.close();
      await own.drop();
    }
  });
});

function admin(_id: string): Doc {
  return {
    ...{ _id, email: `${_id}@clinic.example`, passwordHash: '', name: 'Admin', roles: ['admin'], permissionSets: [] },
    ...{ clinicIds: [], createdAt: 1, accessChangedAt: 1 },
  };
}
