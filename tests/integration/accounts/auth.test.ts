import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { signedIn } from '../../../shared/contract/accounts.ts';
import { reply } from '../../../shared/contract/wire.ts';
import { testHub, type TestHub } from '../../support/hub.ts';
import { cookieOf, TestClient } from '../../support/TestClient.ts';
import { until } from '../../support/until.ts';

let hub: TestHub;
beforeAll(async () => {
  hub = await testHub();
});
afterAll(() => hub.close());

async function refresh(
  cookie: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; code: string; cookie: string }> {
  const response = await fetch(`${hub.url}/api/v1/auth/refresh`, { method: 'POST', headers: { cookie, ...headers } });
  const body = reply.parse(await response.json());
  if (body.ok) signedIn.parse(body.data);
  return { status: response.status, code: body.ok ? 'OK' : body.error.code, cookie: cookieOf(response) };
}

/** Lets the two-tabs window of a session pass without waiting for it. */
async function age(client: TestClient, ms: number): Promise<void> {
  const { accountId } = await hub.database.db
    .collection<{ _id: string; accountId: string; rotation: { rotatedAt: number } }>('authSessions')
    .findOneAndUpdate({ _id: sidOf(client) }, { $inc: { 'rotation.rotatedAt': -ms } })
    .then((found) => found ?? { accountId: '' });
  expect(accountId).toBe(client.signedIn.account.id);
}
const sidOf = (client: TestClient): string => client.refreshCookie.split('=')[1]?.split('.')[0] ?? '';

describe('[A1 A3] signing in', () => {
  test.each(['doctor', 'patient', 'staff', 'admin'])('%s signs in with the role of that name', async (who) => {
    const client = await hub.as(who);
    expect(client.signedIn.account.roles).toEqual([who]);
    expect(await client.call('account.me', {})).toEqual(client.signedIn.account);
  });

  test('[A4] an account acts for several patients, a patient is not an account', async () => {
    const { patients } = (await hub.as('patient')).signedIn.account;
    expect(patients.map((one) => one.name)).toEqual(['Asha Verma', 'Kabir Verma']);
    for (const one of patients) expect(one.code).toMatch(/^ND-\w{4}-\w{4}$/);
    const walkIns = await hub.database.db.collection('patients').countDocuments({ guardians: [] });
    expect(walkIns).toBe(4);
  });

  test('a wrong password and an unknown email are told apart by nobody', async () => {
    const wrong = await TestClient.login(hub.url, 'doctor@demo.nadi', 'nope').catch((error: unknown) => error);
    const unknown = await TestClient.login(hub.url, 'nobody@demo.nadi', 'nope').catch((error: unknown) => error);
    expect(wrong).toMatchObject({ code: 'BAD_CREDENTIALS' });
    expect(unknown).toMatchObject({ code: 'BAD_CREDENTIALS', message: (wrong as Error).message });
  });

  test('the refresh cookie is HttpOnly, same-site and goes to the sign-in paths only', async () => {
    const response = await fetch(`${hub.url}/api/v1/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: ' Patient@Demo.Nadi ', password: 'nadi-demo' }),
    });
    expect(response.headers.getSetCookie().join()).toMatch(/HttpOnly/);
    expect(response.headers.getSetCookie().join()).toMatch(/Path=\/api\/v1\/auth;.*SameSite=Strict/);
    expect(await response.text()).not.toContain(cookieOf(response).split('=')[1]);
  });
});

describe('[A3] refresh', () => {
  test('rotates, and the new token rotates again', async () => {
    const client = await hub.as('patient');
    const second = await refresh(client.refreshCookie);
    const third = await refresh(second.cookie);
    expect([second.code, third.code]).toEqual(['OK', 'OK']);
    expect(new Set([client.refreshCookie, second.cookie, third.cookie]).size).toBe(3);
  });

  test('two tabs with one cookie both stay signed in', async () => {
    const client = await hub.as('patient');
    const [one, two] = await Promise.all([refresh(client.refreshCookie), refresh(client.refreshCookie)]);
    expect([one.code, two.code]).toEqual(['OK', 'OK']);
    expect(one.cookie).toBe(two.cookie);
    expect((await refresh(one.cookie)).code).toBe('OK');
  });

  test('one lost reply is survived; the lost token then counts as stolen', async () => {
    const client = await hub.as('patient');
    const lost = await refresh(client.refreshCookie);
    await age(client, 60_000);
    const again = await refresh(client.refreshCookie);
    expect(again.code).toBe('OK');
    await age(client, 60_000);
    expect((await refresh(lost.cookie)).code).toBe('SESSION_REVOKED');
    expect((await refresh(again.cookie)).code).toBe('UNAUTHENTICATED');
  });

  test('reuse of an old token ends the session and closes its socket', async () => {
    const client = await hub.as('doctor');
    const second = await refresh(client.refreshCookie);
    await refresh(second.cookie);
    expect(client.socket.connected).toBe(true);
    expect((await refresh(client.refreshCookie)).code).toBe('SESSION_REVOKED');
    await until('the socket to be closed', () => !client.socket.connected);
  });

  test.each(['', 'nadi_refresh=', 'nadi_refresh=a.1.b', `nadi_refresh=${'x'.repeat(400)}`, 'nadi_refresh=a.1e3.zz'])(
    'cookie %j is refused',
    async (cookie) => {
      expect(await refresh(cookie)).toMatchObject({ status: 401, code: 'UNAUTHENTICATED' });
    },
  );

  test('another site cannot use the cookie', async () => {
    const client = await hub.as('patient');
    const outcome = await refresh(client.refreshCookie, { origin: 'https://evil.example' });
    expect(outcome).toMatchObject({ status: 403, code: 'BAD_ORIGIN' });
  });
});

describe('[A3] signing out', () => {
  test('closes this session’s sockets and no other', async () => {
    const [one, other] = await Promise.all([hub.as('patient'), hub.as('patient')]);
    await one.http('/api/v1/auth/logout', { body: {} });
    await until('the socket to be closed', () => !one.socket.connected);
    expect(other.socket.connected).toBe(true);
    expect((await one.http('/api/v1/account/me')).status).toBe(401);
    expect((await other.http('/api/v1/account/me')).status).toBe(200);
    await expect(one.connect()).rejects.toMatchObject({ data: { code: 'UNAUTHENTICATED' } });
  });

  test('everywhere ends all sessions, on other hubs too', async () => {
    const second = await testHub({}, hub);
    try {
      const [here, there] = await Promise.all([hub.as('patient2'), second.as('patient2')]);
      await here.http('/api/v1/auth/logout', { body: { everywhere: true } });
      await until('both sockets to be closed', () => !here.socket.connected && !there.socket.connected);
    } finally {
      await second.close();
    }
  });

  test('access that is taken away leaves its rooms', async () => {
    const staff = await hub.as('staff');
    const { sessions } = await staff.call('queue.sessions', {});
    await staff.subscribe('queue', sessions[0]?.id ?? '');
    const accounts = hub.database.db.collection<{ email: string }>('accounts');
    await accounts.updateOne({ email: 'staff@demo.nadi' }, { $set: { clinicIds: [], accessChangedAt: Date.now() } });
    await until('the subscription to end', () => staff.closed.length === 1);
    await expect(staff.subscribe('queue', sessions[0]?.id ?? '')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
