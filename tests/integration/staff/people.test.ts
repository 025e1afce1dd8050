import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { CallOf } from '../../../shared/contract/index.ts';
import { testHub, type TestHub } from '../../support/hub.ts';
import { TestClient } from '../../support/TestClient.ts';
import { until } from '../../support/until.ts';
import { codeOf, comeIn, password, proof, publicly, wordFor } from './support.ts';

let here: TestHub;
let there: TestHub;
let admin: TestClient;
let clinicId: string;

beforeAll(async () => {
  here = await testHub();
  // Without a bus between them: what one does the other finds in the database.
  there = await testHub({}, { database: here.database, env: here.env });
  admin = await here.as('admin');
  clinicId = admin.signedIn.account.clinics[0]?.id ?? '';
});
afterAll(async () => {
  await there.close();
  await here.close();
});

const nurse = (email: string, more: Partial<CallOf<'people.invite'>> = {}): CallOf<'people.invite'> => ({
  ...{ name: `Person ${email}`, email, roles: ['staff'], permissionSets: ['nurse'], clinicIds: [clinicId], proof },
  ...more,
});
const seenOf = async (accountId: string): Promise<number> => (await admin.call('people.one', { accountId })).seen;

describe('[H2 A1] people', () => {
  test('an invited nurse comes in by the link, once, and works where she was put', async () => {
    const email = 'usha@example.org';
    const { accountId } = await admin.call('people.invite', nurse(email), 'invite-usha-1');
    expect(await admin.call('people.invite', nurse(email), 'invite-usha-1')).toEqual({ accountId });
    expect(await codeOf(admin.call('people.invite', nurse(email)))).toBe('EMAIL_TAKEN');
    expect((await admin.call('people.one', { accountId })).person).toMatchObject({
      state: 'invited',
      lastSeenAt: null,
    });
    const word = await wordFor(here, email);
    expect(await publicly(here, 'auth.invitation', { word })).toMatchObject({ email, roles: ['staff'] });
    // Sent again, the first link ends.
    await admin.call('people.reinvite', { accountId });
    expect(await codeOf(publicly(here, 'auth.invitation', { word }))).toBe('CODE_EXPIRED');
    await until('the second mail', async () => (await wordFor(here, email)) !== word);
    const usha = await comeIn(here, email);
    expect(usha.signedIn.account).toMatchObject({ roles: ['staff'], permissionSets: ['nurse'] });
    expect(usha.signedIn.account.clinics.map((one) => one.id)).toEqual([clinicId]);
    const again = { word: await wordFor(here, email), newPassword: 'another password' };
    expect(await codeOf(publicly(here, 'auth.acceptInvitation', again))).toBe('CODE_EXPIRED');
    expect(await codeOf(admin.call('people.reinvite', { accountId }))).toBe('WRONG_STATE');
    usha.close();
  });

  test('the list finds by name, address and state, in pages, and an admin must show anew that it is them', async () => {
    const found = await admin.call('people.list', { search: 'RAO' });
    expect(found.people.map((one) => one.name)).toEqual(['Dr. Meera Rao']);
    expect((await admin.call('people.list', { search: '.*' })).people).toEqual([]);
    for (const odd of ['\\', '[a', 'ड़', '😀(', '$', "'"])
      expect((await admin.call('people.list', { search: odd })).people).toEqual([]);
    expect(await codeOf(admin.call('people.list', { search: 'a\0b' }))).toBe('INVALID_INPUT');
    expect((await admin.call('people.list', { search: 'nurse@demo' })).people).toHaveLength(1);
    const names: string[] = [];
    for (let after: string | undefined; ;) {
      const page = await admin.call('people.list', { limit: 3, ...(after ? { after } : {}) });
      names.push(...page.people.map((one) => one.name));
      if (page.next === null) break;
      after = page.next;
    }
    expect(names).toEqual([...names].sort());
    expect(new Set(names).size).toBe((await admin.call('people.list', { limit: 100 })).people.length);
    expect(await codeOf(admin.call('people.invite', nurse('no@example.org', { proof: 'wrong' })))).toBe(
      'BAD_CREDENTIALS',
    );
    const far = '00000000-0000-4000-8000-000000000009';
    expect(await codeOf(admin.call('people.invite', nurse('no@example.org', { clinicIds: [far] })))).toBe('NOT_FOUND');
  });

  test('nobody but an admin', async () => {
    for (const who of ['staff', 'doctor', 'patient']) {
      const other = await here.as(who);
      for (const [name, input] of [
        ['people.list', {}],
        ['people.one', { accountId: admin.signedIn.account.id }],
        ['people.deactivate', { accountId: admin.signedIn.account.id, proof }],
        ['people.invite', nurse('never@example.org')],
        ['verification.list', {}],
      ] as const) {
        const reply = await other.op(name, input);
        expect([who, name, reply.ok ? 'OK' : reply.error.code]).toEqual([who, name, 'FORBIDDEN']);
      }
    }
  });

  test('what is taken away is gone within seconds, also where no news of it arrives', async () => {
    const reception = await there.as('reception');
    const doctor = await here.as('doctor');
    const sessionId = (await doctor.call('queue.sessions', {})).sessions[0]?.id ?? '';
    await reception.subscribe('queue', sessionId);
    const { id: accountId } = reception.signedIn.account;
    const seen = await seenOf(accountId);
    const change = {
      accountId,
      seen,
      roles: ['staff' as const],
      permissionSets: ['nurse' as const],
      clinicIds: [],
      proof,
    };
    await admin.call('people.change', change);
    await until(
      'the room to be left',
      () => z.looseObject({ channel: z.literal('queue') }).safeParse(reception.closed[0]).success,
    );
    expect(await codeOf(reception.subscribe('queue', sessionId))).toBe('NOT_FOUND');
    await until(
      'the new sets',
      async () => (await codeOf(reception.call('queue.checkInCode', { clinicId }))) === 'FORBIDDEN',
    );
    // The same once more is no conflict; something else, on what is known no more, is one.
    await admin.call('people.change', change);
    expect(await codeOf(admin.call('people.change', { ...change, permissionSets: ['billing'] }))).toBe('CONFLICT');
  });

  test('a deactivated account is out at once, on every hub, and cannot come back until it may', async () => {
    const staff = await there.as('staff');
    const { id: accountId } = staff.signedIn.account;
    const out = new Promise<void>((resolve) => staff.socket.once('disconnect', () => resolve()));
    await admin.call('people.deactivate', { accountId, proof });
    await out;
    expect((await staff.http('/api/v1/account/me')).status).toBe(401);
    expect(await codeOf(there.as('staff'))).toBe('ACCOUNT_INACTIVE');
    const refresh = await fetch(`${there.url}/api/v1/auth/refresh`, {
      method: 'POST',
      headers: { cookie: staff.refreshCookie },
    });
    expect(refresh.status).toBe(401);
    expect((await admin.call('people.one', { accountId })).person.state).toBe('inactive');
    expect((await admin.call('people.list', { state: 'inactive' })).people.map((one) => one.id)).toEqual([accountId]);
    await admin.call('people.reactivate', { accountId, proof });
    const back = await there.as('staff');
    expect(back.signedIn.account.permissionSets).toEqual(['reception', 'nurse', 'billing']);
  });

  test('a doctor deactivated in the middle: the desk takes nobody new, and takes them again after', async () => {
    const doctor = await there.as('doctor2');
    const patient = await here.as('patient');
    const [desk] = (await doctor.call('queue.sessions', {})).sessions;
    const patientId = patient.signedIn.account.patients[0]?.id ?? '';
    const join = { sessionId: desk?.id ?? '', patientId, mode: 'video' as const, reason: 'Rash' };
    const { id: accountId } = doctor.signedIn.account;
    await admin.call('people.deactivate', { accountId, proof });
    expect(await codeOf(patient.call('queue.join', join))).toBe('SESSION_CLOSED');
    expect((await patient.call('queue.sessions', {})).sessions.map((one) => one.id)).not.toContain(desk?.id);
    await admin.call('people.reactivate', { accountId, proof });
    expect(await codeOf(patient.call('queue.join', join))).toBe('OK');
  });

  test('there is always an admin: not oneself, and not each other at once', async () => {
    const me = admin.signedIn.account.id;
    const bare = { roles: ['staff' as const], permissionSets: [], clinicIds: [], proof };
    expect(await codeOf(admin.call('people.deactivate', { accountId: me, proof }))).toBe('OWN_ACCOUNT');
    expect(await codeOf(admin.call('people.change', { accountId: me, seen: await seenOf(me), ...bare }))).toBe(
      'OWN_ACCOUNT',
    );
    await admin.call('people.invite', { ...nurse('second@example.org'), roles: ['admin'], permissionSets: [] });
    const second = await comeIn(here, 'second@example.org');
    const other = second.signedIn.account.id;
    const results = await Promise.all([
      codeOf(admin.call('people.deactivate', { accountId: other, proof })),
      codeOf(second.call('people.deactivate', { accountId: me, proof: password })),
    ]);
    expect(results.filter((one) => one === 'OK').length).toBeLessThanOrEqual(1);
    const left = await here.database.db
      .collection('accounts')
      .countDocuments({ roles: 'admin', deactivatedAt: { $exists: false } });
    expect(left).toBeGreaterThanOrEqual(1);
    second.close();
  });
});

describe('[A2 A3] sign-up', () => {
  test('a patient signs up, shows the address, and is a patient of their own', async () => {
    const email = 'kavya@example.org';
    await publicly(here, 'auth.register', { name: 'Kavya Nair', email, as: 'patient' });
    expect(await codeOf(TestClient.login(here.url, email, password))).toBe('BAD_CREDENTIALS');
    const word = await wordFor(here, email);
    expect(await codeOf(publicly(here, 'auth.acceptInvitation', { word, newPassword: password }))).toBe(
      'INVALID_INPUT',
    );
    const kavya = await comeIn(here, email, { gender: 'female', birthYear: 1992 });
    expect(kavya.signedIn.account).toMatchObject({ name: 'Kavya Nair', roles: ['patient'], doctorState: null });
    expect(kavya.signedIn.account.patients).toMatchObject([{ name: 'Kavya Nair', birthYear: 1992 }]);
    kavya.close();
  });

  test('an address that has an account answers alike, and its owner hears of it', async () => {
    expect(
      await publicly(here, 'auth.register', { name: 'Somebody', email: 'patient2@demo.nadi', as: 'doctor' }),
    ).toEqual({});
    await wordFor(here, 'patient2@demo.nadi', 'reset-password');
    const account = await here.database.db.collection('accounts').findOne({ email: 'patient2@demo.nadi' });
    expect(account).toMatchObject({ name: 'Ravi Kumar', roles: ['patient'] });
  });
});
