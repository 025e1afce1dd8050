import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../../server/support/ids.ts';
import { limits } from '../../../shared/limits.ts';
import { testRepos } from '../../support/repos.ts';
import { testHub, type TestHub } from '../../support/hub.ts';
import { until } from '../../support/until.ts';

let hub: TestHub;
beforeAll(async () => {
  hub = await testHub({ NADI_METRICS_TOKEN: 'the-token-of-this-test' });
});
afterAll(() => hub.close());

describe('[I2] subscriptions of one socket', () => {
  test('a burst at once cannot pass the limit', async () => {
    const staff = await hub.as('staff');
    const clinicId = staff.signedIn.account.clinics[0]?.id ?? '';
    const repos = testRepos(hub.database.db);
    const clinic = await repos.clinics.get(clinicId);
    if (!clinic) throw new Error('no clinic');
    const ids = Array.from({ length: limits.subscriptionsPerSocket + 30 }, () => newId());
    for (const _id of ids) await repos.clinics.insert({ ...clinic, _id });
    const codes = await Promise.all(
      ids.map(async (id) => {
        const reply = await staff.subscribeReply('lobby', id);
        return reply.ok ? 'OK' : reply.error.code;
      }),
    );
    expect(codes.filter((code) => code === 'OK')).toHaveLength(limits.subscriptionsPerSocket);
    expect(codes.filter((code) => code === 'RATE_LIMITED')).toHaveLength(30);
    // One closed makes room for one, and a repeat of an open one is always welcome.
    expect(await staff.subscribeReply('lobby', ids[0] ?? '')).toMatchObject({ ok: true });
    await staff.socket.timeout(5_000).emitWithAck('unsubscribe', { channel: 'lobby', key: ids[0] });
    expect(await staff.subscribeReply('lobby', ids.at(-1) ?? '')).toMatchObject({ ok: true });
    // What is refused for another reason takes no place.
    await staff.socket.timeout(5_000).emitWithAck('unsubscribe', { channel: 'lobby', key: ids.at(-1) });
    expect(await staff.subscribeReply('lobby', newId())).toMatchObject({ error: { code: 'NOT_FOUND' } });
    expect(await staff.subscribeReply('lobby', ids.at(-1) ?? '')).toMatchObject({ ok: true });
  });

  test('a role taken away while subscriptions are being opened: none of them stays', async () => {
    const staff = await hub.as('staff');
    const sessionId = (await staff.call('queue.sessions', {})).sessions[0]?.id ?? '';
    const { accounts } = testRepos(hub.database.db);
    let stop = false;
    let opened = 0;
    // Opens and closes all the time: some request is always between the check and the room.
    const busy = (async () => {
      while (!stop) {
        await staff.socket.timeout(5_000).emitWithAck('unsubscribe', { channel: 'queue', key: sessionId });
        const reply = await staff.subscribeReply('queue', sessionId);
        if (reply.ok) opened += 1;
        else if (reply.error.code !== 'NOT_FOUND') throw new Error(reply.error.code);
        else return;
      }
    })();
    await until('some to be opened', () => opened > 5);
    await accounts.update({ email: 'staff@demo.nadi' }, { $set: { clinicIds: [], accessChangedAt: Date.now() } });
    await until('the hub to refuse', async () => (await staff.subscribeReply('queue', sessionId)).ok === false);
    stop = true;
    await busy;
    staff.batches.length = 0;
    const doctor = await hub.as('doctor');
    const person = { name: 'Somebody', age: 4, gender: 'other' as const, reason: 'Cough' };
    await doctor.subscribe('queue', sessionId);
    await doctor.call('queue.addWalkIn', { sessionId, ...person });
    await until('the doctor to see it', () => doctor.batches.length > 0);
    expect(staff.batches).toEqual([]);
  });
});

describe('[I2] metrics', () => {
  test('behind a proxy only with the token', async () => {
    const ask = (headers: Record<string, string>) => fetch(`${hub.url}/metrics`, { headers });
    expect((await ask({})).status).toBe(200);
    const refused = await ask({ 'x-forwarded-for': '203.0.113.9' });
    expect(refused.status).toBe(401);
    expect(await refused.json()).toMatchObject({ error: { code: 'UNAUTHENTICATED' } });
    const allowed = await ask({ 'x-forwarded-for': '203.0.113.9', authorization: 'Bearer the-token-of-this-test' });
    expect(allowed.status).toBe(200);
  });
});
