import { afterAll, beforeAll, expect, test } from 'vitest';
import { AuditRetention } from '../../../server/audit/Retention.ts';
import { databaseSource } from '../../../server/audit/sources.ts';
import { verifyAudit } from '../../../server/audit/verify.ts';
import { migrate } from '../../../server/store/migrations/index.ts';
import { testDatabase } from '../../support/database.ts';
import { testHub, type TestHub } from '../../support/hub.ts';
import type { TestClient } from '../../support/TestClient.ts';
import { until } from '../../support/until.ts';
import { act, newSigner, writer } from './support.ts';

let hub: TestHub;
let [admin, asha, doctor]: TestClient[] = [];
let patientId: string;
let entryId: string;
beforeAll(async () => {
  hub = await testHub();
  [admin, asha, doctor] = await Promise.all(['admin', 'patient', 'doctor'].map((who) => hub.as(who)));
  const sessionId = (await doctor!.call('queue.sessions', {})).sessions[0]?.id ?? '';
  patientId = asha!.signedIn.account.patients[0]?.id ?? '';
  await doctor!.subscribe('queue', sessionId);
  const joined = await asha!.call('queue.join', { sessionId, patientId, mode: 'video', reason: 'Cough' });
  entryId = joined.entryId;
  await doctor!.call('queue.call', { sessionId, entryId, seen: null });
  await asha!.op('consult.info', { entryId: patientId });
});
afterAll(() => hub.close());

test('[H4] who saw or changed a patient: by them, by the desk, and who watched the queue they stood in', async () => {
  await until('the call to be recorded', async () => {
    const { records } = await admin!.call('audit.search', { patientId, operation: 'queue.call', outcome: 'OK' });
    return records.length > 0;
  });
  const { records: seen } = await admin!.call('audit.search', { patientId, limit: 200 });
  const [join] = seen.filter((one) => one.operation === 'queue.join' && one.phase === 'outcome');
  expect(join).toMatchObject({
    actor: { id: asha!.signedIn.account.id, name: asha!.signedIn.account.name, role: 'patient' },
    patient: { id: patientId, name: asha!.signedIn.account.patients[0]?.name },
    outcome: 'OK',
  });
  const doctorsId = doctor!.signedIn.account.id;
  expect(seen.filter((one) => one.actor.id === doctorsId).map((one) => one.operation)).toEqual(
    expect.arrayContaining(['queue', 'queue.call']),
  );
  const code = asha!.signedIn.account.patients[0]?.code.toLowerCase() ?? '';
  const byCode = await admin!.call('audit.search', { patientCode: ` ${code}`, operation: 'queue.join' });
  expect(byCode.records.map(({ phase }) => phase)).toEqual(['outcome', 'intent']);
});

test('[H4] by person, operation, outcome and time; page by page nothing is lost or shown twice', async () => {
  const search = (more: object) => admin!.call('audit.search', { limit: 100, ...more });
  const email = asha!.signedIn.account.email;
  const refused = await until('the refusal', async () => {
    const { records } = await search({ actorEmail: email, outcome: 'refused' });
    return records.length > 0 && records;
  });
  expect(refused.map((one) => [one.operation, one.outcome])).toEqual([['consult.info', 'NOT_FOUND']]);
  expect((await search({ operation: 'queue.join', outcome: 'OK', patientId })).records).toHaveLength(1);
  expect((await search({ patientCode: 'ND-NOBODY' })).records).toEqual([]);
  expect((await search({ to: 5 })).records).toEqual([]);
  const to = Date.now();
  const all = (await search({ to })).records.map(({ id }) => id);
  const paged: string[] = [];
  let cursor: object | null = {};
  for (let page = 0; cursor && page < 200; page++) {
    const found: Awaited<ReturnType<typeof search>> = await search({ to, limit: 3, ...(page === 0 ? {} : { cursor }) });
    paged.push(...found.records.map(({ id }) => id));
    cursor = found.next;
  }
  expect(new Set(paged).size).toBe(paged.length);
  expect(paged).toEqual(expect.arrayContaining(all));
});

test('[H4] the search is for admins, and is itself recorded with whom it was about', async () => {
  expect(await doctor!.op('audit.search', {})).toMatchObject({ ok: false, error: { code: 'FORBIDDEN' } });
  await admin!.call('audit.search', { patientId });
  await until('the search to be recorded', async () => {
    const { records } = await admin!.call('audit.search', { operation: 'audit.search', patientId });
    return records.some((one) => one.actor.id === admin!.signedIn.account.id && one.actor.role === 'admin');
  });
});

test('[H4] the state gives roots that verify by themselves', async () => {
  const { roots, publicKey } = await admin!.call('audit.state', {});
  expect(roots[0]).toMatchObject({ phase: 'begin', root: true, publicKey });
});

test('[H4] what was kept long enough goes, and what is left verifies; a shortened chain without that does not', async () => {
  const database = await testDatabase();
  const { db } = database;
  await migrate(db);
  const signer = newSigner();
  const trusted = new Set([signer.publicKey]);
  const clock = { now: 1_700_000_000_000 };
  const [old, long] = [writer(db, signer, clock), writer(db, signer, clock)];
  for (let n = 0; n < 3; n++) await act(old, n);
  await old.close();
  for (let n = 0; n < 3; n++) await act(long, n);
  await long.root();
  for (let n = 0; n < 3; n++) await act(long, n);
  clock.now += 1_000_000;
  await long.root();
  const retention = new AuditRetention({ db, audit: long, now: () => clock.now, keepMs: 500_000 });
  // All of the chain that ended, and of the other one what stands before its last old root.
  expect(await retention.purge()).toBe(8 + 7);
  expect(await retention.purge()).toBe(0);
  expect(await verifyAudit(databaseSource(db), { trusted })).toMatchObject({ ok: true, chains: 1, problems: [] });
  await db.collection<{ _id: string }>('audit').deleteOne({ _id: `${long.chain}:000000000007` });
  expect((await verifyAudit(databaseSource(db), { trusted })).problems[0]).toMatchObject({ kind: 'removed', at: '7' });
  await database.drop();
});
