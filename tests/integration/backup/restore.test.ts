import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chatState } from '../../../shared/state/chat.ts';
import { BackupError } from '../../../server/backup/errors.ts';
import { FolderTarget } from '../../../server/backup/targets/FolderTarget.ts';
import { archivesAt } from '../../../server/backup/take.ts';
import { backUp, restoreInto, tempFolder } from '../../support/backups.ts';
import { testDatabase, type TestDatabase } from '../../support/database.ts';
import { effectsRanOnce } from '../../support/history/effects.ts';
import { logIsWhole } from '../../support/history/log.ts';
import { readFound } from '../../support/history/read.ts';
import { testHub, type TestHub } from '../../support/hub.ts';
import type { TestClient } from '../../support/TestClient.ts';
import { until } from '../../support/until.ts';
import { snapshot, takePlace } from '../chat/support.ts';

let hub: TestHub;
let patient: TestClient;
let doctor: TestClient;
let folder: Awaited<ReturnType<typeof tempFolder>>;
let target: FolderTarget;
let fresh: TestDatabase;
const key = (): string[] => [hub.env['NADI_KEY'] ?? ''];

beforeAll(async () => {
  [hub, folder, fresh] = await Promise.all([testHub(), tempFolder(), testDatabase()]);
  target = new FolderTarget(folder.path);
  [patient, doctor] = await Promise.all([hub.as('patient'), hub.as('doctor')]);
});
afterAll(async () => {
  await hub.close();
  await fresh.drop();
  await folder.remove();
});

const faultOf = async (work: Promise<unknown>): Promise<unknown> =>
  await work.then(
    () => 'nothing',
    (error: unknown) => (error instanceof BackupError ? error.fault : error),
  );

describe('[H6] backup and restore', () => {
  test('everything acknowledged before it began is in it, while people go on working', async () => {
    const { entryId: threadId } = await takePlace(hub, patient);
    const acknowledged: { at: number; seq: number }[] = [];
    let working = true;
    const writer = (async () => {
      for (let i = 0; working; i++) {
        const { seq } = await patient.call('chat.send', { threadId, text: `message ${i}` });
        acknowledged.push({ at: Date.now(), seq });
        await doctor.call('chat.read', { threadId, seq });
      }
    })();
    await until('some messages before', () => acknowledged.length > 20);
    const began = Date.now();
    const { manifest } = await backUp(hub.database.db, target, key());
    const during = acknowledged.length;
    await until('one that comes after it', () => acknowledged.length > during + 1);
    working = false;
    await writer;
    expect(manifest.holes).toBe(0);
    expect(manifest.collections.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['events', 'accounts', 'patients', 'places', 'threads', 'receipts', 'streams', 'audit']),
    );
    for (const never of ['keys', 'authSessions', 'challenges']) {
      expect(manifest.collections.map(({ name }) => name)).not.toContain(never);
    }

    const report = await restoreInto(fresh.db, target, key());
    for (const { name, wanted, found } of report.counts) {
      // The base of new epochs, the restore's own mark.
      const more = name === 'streams' || name === 'meta' ? 1 : 0;
      expect(found, name).toBe(wanted + more);
    }
    const found = await readFound(fresh.db);
    expect(logIsWhole(found.events)).toEqual([]);
    const chat = found.events.filter((event) => event.stream === `chat:${threadId}`);
    const sure = acknowledged.filter(({ at }) => at <= began).length;
    expect(sure).toBeGreaterThan(20);
    expect(chat.length).toBeGreaterThanOrEqual(sure);
    expect(chat.length).toBeLessThan(acknowledged.length);

    // A hub on it: people sign in anew, streams go on gapless in another epoch, effects are finished.
    const seen = await snapshot(doctor, threadId);

    const next = await testHub(
      {},
      { database: fresh, env: { ...hub.env, MONGODB_URI: fresh.uri, MONGODB_DB: fresh.dbName } },
    );
    try {
      const again = await next.as('doctor');
      const start = await again.subscribe('chat', threadId, { epoch: 1, seq: seen.seq });
      if (start.kind !== 'snapshot') throw new Error('a position of before the restore must be answered by a snapshot');
      expect(start.epoch).toBe(report.epoch);
      expect(start.seq).toBe(chat.length);
      expect(chatState.parse(start.state).messages.at(-1)).toMatchObject({ seq: chat.length });
      const sent = await again.call('chat.send', { threadId, text: 'After the restore' });
      expect(sent.seq).toBe(chat.length + 1);
      const page = await again.call('chat.history', { threadId, before: 10 });
      expect(page.messages.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
      await until(
        'every effect is done',
        async () => !(await fresh.db.collection('events').findOne({ due: { $exists: true } })),
        {
          timeoutMs: 40_000,
        },
      );
      await until(
        'no join is unfinished',
        async () => !(await fresh.db.collection('places').findOne({ joiningSince: { $exists: true } })),
        {
          timeoutMs: 40_000,
        },
      );
      expect(effectsRanOnce(await readFound(fresh.db))).toEqual([]);
      const old = await fetch(`${next.url}/api/v1/auth/refresh`, {
        method: 'POST',
        headers: { cookie: doctor.refreshCookie },
      });
      expect(old.status).toBe(401);
    } finally {
      await next.close();
    }
  });

  test('not into a database that holds something, nor with another key', async () => {
    expect(await faultOf(restoreInto(fresh.db, target, key()))).toBe('notEmpty');
    const other = [randomBytes(32).toString('base64')];
    expect(await faultOf(restoreInto(fresh.db, target, other))).toBe('key');
    expect(await archivesAt(target)).toHaveLength(1);
  });
});
