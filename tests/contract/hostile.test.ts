import { randomInt } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { channels, isOperationName, methodOf, operationOf, operations, pathOf } from '../../shared/contract/index.ts';
import { reply as replySchema, type Reply } from '../../shared/contract/wire.ts';
import { errorStatus, isErrorCode } from '../../shared/errors.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { fittingInputs } from '../support/fittingInputs.ts';
import { hostilePayloads, tellingStrings } from '../support/hostile.ts';
import { hubEnvironment } from '../support/hub.ts';
import { startHubProcess, type HubProcess } from '../support/hubProcess.ts';
import { TestClient } from '../support/TestClient.ts';
import { until } from '../support/until.ts';

/** `NADI_HOSTILE_SEED` repeats a run. */
const seed = Number(process.env['NADI_HOSTILE_SEED'] ?? randomInt(1_000_000));
const perTransport = 14;
process.stdout.write(`    hostile input: seed ${seed}\n`);

let database: TestDatabase;
let hub: HubProcess;
let actors: Record<'patient' | 'doctor' | 'staff' | 'admin', TestClient>;
let fits: Record<string, Record<string, unknown>>;
let foreign: Record<string, unknown>;

/** There is no media node, no push key and no bot: what needs one must say so. */
const needOutside: ReadonlySet<string> = new Set(['consult.join', 'notify.subscribePush', 'notify.telegramLink']);
const strange = '00000000-0000-4000-8000-000000000001';

beforeAll(async () => {
  database = await testDatabase();
  // No media node: what needs one must answer UNAVAILABLE, honestly.
  hub = await startHubProcess(hubEnvironment(database).env);
  const [patient, doctor, staff, admin, stranger] = await Promise.all(
    ['patient', 'doctor', 'staff', 'admin', 'patient2'].map((who) => TestClient.as(hub.url, who)),
  );
  if (!patient || !doctor || !staff || !admin || !stranger) throw new Error('somebody is missing');
  actors = { patient, doctor, staff, admin };
  const sessionId = (await doctor.call('queue.sessions', {})).sessions[0]?.id ?? '';
  const patientOf = (client: TestClient): string => client.signedIn.account.patients[0]?.id ?? '';
  const join = (client: TestClient) =>
    client.call('queue.join', { sessionId, patientId: patientOf(client), mode: 'video', reason: 'Cough' });
  const [mine, theirs] = [await join(patient), await join(stranger)];
  stranger.close();
  const clinicId = staff.signedIn.account.clinics[0]?.id ?? '';
  fits = fittingInputs({ strange, sessionId, entryId: mine.entryId, clinicId, patientId: patientOf(patient) });
  foreign = {
    sessionId: strange,
    entryId: theirs.entryId,
    threadId: theirs.entryId,
    patientId: patientOf(stranger),
    clinicId: strange,
    seen: strange,
    doctorId: strange,
  };
});
afterAll(async () => {
  for (const client of Object.values(actors)) client.close();
  await hub.close();
  await database.drop();
});

/** A reply to anything: coded, traced, without a trace of how we work or what was sent. */
function judge(reply: unknown, sent: unknown): Reply {
  const parsed = replySchema.parse(reply);
  if (parsed.ok) return parsed;
  const { code, traceId } = parsed.error;
  expect(isErrorCode(code)).toBe(true);
  expect(code).not.toBe('INTERNAL');
  expect(traceId).toMatch(/^[0-9a-f-]{36}$/);
  const text = JSON.stringify(parsed);
  expect(text).not.toMatch(/node_modules|\.ts:\d|\bat \w+ \(|Mongo|Zod/);
  const ids = JSON.stringify([fits, foreign]);
  for (const value of tellingStrings(sent)) {
    // Ids that exist are not secrets of the sender; anything else must not come back.
    if (!ids.includes(value)) expect(text).not.toContain(JSON.stringify(value).slice(1, -1));
  }
  return parsed;
}

const names = Object.keys(operations).filter(isOperationName);
const actorFor = (roles: readonly string[] | 'public', n: number): TestClient => {
  const able = Object.entries(actors).filter(([role]) => roles === 'public' || roles.includes(role));
  const all = n % 5 === 0 ? Object.entries(actors) : able;
  return all[n % all.length]?.[1] ?? actors.patient;
};

async function withDeadline<T>(work: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer to ${what}`)), 15_000);
  });
  return await Promise.race([work, late]).finally(() => clearTimeout(timer));
}

describe('every operation, both transports', () => {
  test('the table of fitting inputs covers the contract', () => {
    expect(Object.keys(fits).sort()).toEqual([...names].sort());
    for (const name of names) expect(operationOf(name).input.safeParse(fits[name]).success).toBe(true);
  });

  test.each(names)('%s over HTTP', async (name) => {
    const operation = operationOf(name);
    const get = methodOf(operation) === 'get';
    // Signing out for real would end the caller's session for the tests after this one.
    const payloads = hostilePayloads(fits[name] ?? {}, foreign).filter(
      (one) => !operation.input.safeParse(one).success || name !== 'auth.logout',
    );
    const sample = fc.sample(payloads, { seed, numRuns: perTransport });
    const codes = new Set<string>();
    for (const [i, payload] of sample.entries()) {
      const actor = actorFor(operation.roles, i);
      const path = get ? `${pathOf(name)}?${queryOf(payload)}` : pathOf(name);
      const headers: Record<string, string> = i % 7 === 3 ? { 'idempotency-key': 'not ok!' } : {};
      const response = await withDeadline(
        actor.http(path, get ? { headers } : { method: 'POST', body: payload, headers }),
        name,
      );
      const reply = judge(await response.json(), payload);
      expect(response.headers.get('cache-control')).toBe('no-store');
      if (reply.ok) expect(response.status).toBe(200);
      else {
        codes.add(reply.error.code);
        if (isErrorCode(reply.error.code)) expect(response.status).toBe(errorStatus[reply.error.code]);
        if (response.status >= 500) expect([needOutside.has(name), response.status]).toEqual([true, 503]);
      }
    }
    expect(codes.size).toBeGreaterThan(0);
  });

  const overSocket = names.filter((name) => operationOf(name).transports?.includes('socket') !== false);
  test.each(overSocket)('%s over the socket', async (name) => {
    const operation = operationOf(name);
    const sample = fc.sample(hostilePayloads(fits[name] ?? {}, foreign), { seed: seed + 1, numRuns: perTransport });
    for (const [i, payload] of sample.entries()) {
      const actor = actorFor(operation.roles, i);
      const frame = { name, input: payload, ...(i % 7 === 3 ? { requestId: payload } : {}) };
      const reply = judge(await withDeadline(actor.socket.timeout(20_000).emitWithAck('op', frame), name), payload);
      if (!reply.ok && reply.error.code === 'UNAVAILABLE') expect(needOutside).toContain(name);
    }
  });
});

describe('frames', () => {
  const fitting = () => ({ name: 'queue.leave', input: fits['queue.leave'], requestId: 'a-request-id' });
  test('op frames of every wrong shape', async () => {
    const sample = fc.sample(hostilePayloads(fitting(), { name: 'no.such' }), { seed: seed + 2, numRuns: 60 });
    for (const frame of sample) {
      judge(await withDeadline(actors.doctor.socket.timeout(20_000).emitWithAck('op', frame), 'op'), frame);
    }
  });

  test.each(['subscribe', 'unsubscribe'])('%s with hostile channels, keys and positions', async (event) => {
    for (const channel of [...Object.keys(channels), '__proto__', 'constructor', 'sid', 'toString']) {
      const frame = { channel, key: foreign['entryId'], since: { epoch: 1, seq: 3 } };
      const sample = fc.sample(hostilePayloads(frame, { key: strange, channel: 'chat' }), {
        seed: seed + 3,
        numRuns: 20,
      });
      for (const [i, payload] of sample.entries()) {
        const actor = Object.values(actors)[i % 4] ?? actors.patient;
        judge(await withDeadline(actor.socket.timeout(20_000).emitWithAck(event, payload), event), payload);
      }
    }
  });

  test('events nobody knows, with and without an acknowledgement, with too many arguments', async () => {
    const events = [
      'batch',
      'view',
      'error',
      'message',
      'OP',
      '__proto__',
      'op ',
      '42',
      'disconnected',
      'x'.repeat(5_000),
    ];
    for (const event of events) {
      actors.patient.socket.emit(event, { anything: 1 });
      const reply = judge(
        await withDeadline(actors.patient.socket.timeout(20_000).emitWithAck(event, { anything: 1 }), event),
        {},
      );
      expect(reply).toMatchObject({ ok: false, error: { code: 'UNKNOWN_OPERATION' } });
    }
    const op = { name: 'account.me', input: {} };
    for (const extra of [[], [1, 2, 3], [null]]) {
      const reply = judge(
        await withDeadline(actors.patient.socket.timeout(20_000).emitWithAck('op', op, ...extra), 'extras'),
        {},
      );
      expect(reply.ok).toBe(extra.length === 0 || reply.ok);
    }
    judge(await withDeadline(actors.patient.socket.timeout(20_000).emitWithAck('op'), 'no payload'), {});
  });
});

describe('afterwards', () => {
  test('[H4] every audited operation leaves an intent and its outcome, by whoever asks', async () => {
    const audited = names.filter((name) => operationOf(name).audited === true);
    const leaving = await TestClient.as(hub.url, 'patient2');
    for (const name of audited) {
      const { roles, transports } = operationOf(name);
      const able = Object.entries(actors).find(([role]) => roles === 'public' || roles.some((one) => one === role));
      const actor = name === 'auth.logout' ? leaving : (able?.[1] ?? actors.patient);
      if (transports?.includes('socket') !== false) await actor.op(name, fits[name] ?? {});
      else await actor.http(pathOf(name), { method: 'POST', body: fits[name] ?? {} });
    }
    leaving.close();
    await until('an outcome for every intent', async () => {
      const found = await database.db.collection('audit').distinct('action', { phase: 'outcome' });
      return audited.every((name) => found.includes(name));
    });
    const intents = await database.db.collection('audit').distinct('action', { phase: 'intent' });
    expect(audited.filter((name) => !intents.includes(name))).toEqual([]);
  });

  test('the hub still serves, remembers everybody, and has not grown without end', async () => {
    expect(hub.running()).toBe(true);
    for (const client of Object.values(actors)) {
      expect(client.socket.connected).toBe(true);
      expect((await client.call('account.me', {})).id).toBe(client.signedIn.account.id);
    }
    const text = await (await fetch(`${hub.url}/metrics`)).text();
    const heap = Number(/^nodejs_heap_size_used_bytes (\S+)$/m.exec(text)?.[1] ?? Infinity);
    expect(heap).toBeLessThan(300 * 1024 * 1024);
    expect(text).not.toMatch(/nadi_operations_total\{[^}]*code="INTERNAL"/);
    await until('no error in the hub’s log', () => !hub.log().some((line) => line.includes('unexpected failure')));
  });
});

const text = z.union([z.string(), z.number(), z.boolean()]);
/** What of a payload can stand in a query string: nested values as their JSON, arrays as repeats. */
function queryOf(payload: unknown): string {
  const query = new URLSearchParams();
  if (typeof payload !== 'object' || payload === null)
    return `=${encodeURIComponent(safe(JSON.stringify(payload))).slice(0, 6_000)}`;
  for (const [key, value] of Object.entries(payload)) {
    for (const one of Array.isArray(value) ? value.slice(0, 20) : [value]) {
      const said = text.safeParse(one);
      query.append(key, safe(said.success ? String(said.data) : JSON.stringify(one)).slice(0, 1_500));
    }
  }
  return query.toString().slice(0, 7_000);
}
/** Lone surrogates cannot stand in an address at all. */
function safe(value: string): string {
  return value.replace(/[\ud800-\udfff]/gu, '\ufffd');
}
