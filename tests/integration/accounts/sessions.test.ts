import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testHub, type TestHub } from '../../support/hub.ts';
import { until } from '../../support/until.ts';

let hub: TestHub;
let other: TestHub;
beforeAll(async () => {
  hub = await testHub();
  other = await testHub({}, hub);
});
afterAll(async () => {
  await other.close();
  await hub.close();
});

describe('[A5] where I am signed in', () => {
  test('lists my own sign-ins only, names this one, and says no address and no user agent', async () => {
    const [here, there] = [await hub.as('doctor'), await other.as('doctor')];
    await hub.as('patient');
    const reply = await here.op('auth.sessions', {});
    const { sessions } = await here.call('auth.sessions', {});
    expect(sessions).toHaveLength(2);
    expect(sessions.filter((one) => one.current)).toHaveLength(1);
    expect((await there.call('auth.sessions', {})).sessions.find((one) => one.current)?.id).not.toBe(
      sessions.find((one) => one.current)?.id,
    );
    expect(JSON.stringify(reply)).not.toMatch(/127\.0\.0\.1|node|undici|Mozilla/);
  });

  test('the device is kept as two words', async () => {
    await fetch(`${hub.url}/api/v1/auth/login`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent':
          'Mozilla/5.0 (Linux; Android 14; Secret-Model) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36',
      },
      body: JSON.stringify({ email: 'patient2@demo.nadi', password: 'nadi-demo' }),
    });
    const patient = await hub.as('patient2');
    const { sessions } = await patient.call('auth.sessions', {});
    expect(sessions.map((one) => one.device)).toContainEqual({ browser: 'Chrome', system: 'Android' });
    const kept = await hub.database.db.collection('authSessions').find({}).toArray();
    expect(JSON.stringify(kept)).not.toContain('Secret-Model');
  });

  test('ending one cuts its sockets on another hub, and its cookie and token are worth nothing', async () => {
    const [here, there, third] = [await hub.as('staff'), await other.as('staff'), await other.as('staff')];
    const { sessions } = await there.call('auth.sessions', {});
    const signInId = sessions.find((one) => one.current)?.id ?? '';
    await here.call('auth.revokeSession', { signInId });
    await until('the other hub to cut it', () => !there.socket.connected);
    expect(here.socket.connected && third.socket.connected).toBe(true);
    expect((await there.http('/api/v1/account/me')).status).toBe(401);
    const refresh = { method: 'POST', headers: { cookie: there.refreshCookie } };
    expect((await fetch(`${other.url}/api/v1/auth/refresh`, refresh)).status).toBe(401);
    // Said twice: it is as asked already.
    expect(await here.call('auth.revokeSession', { signInId })).toEqual({});
    expect((await here.call('auth.sessions', {})).sessions.map((one) => one.id)).not.toContain(signInId);
  });

  test('all others at once', async () => {
    const [here, second, third] = [await hub.as('admin'), await hub.as('admin'), await other.as('admin')];
    expect(await here.call('auth.revokeOthers', {})).toEqual({ ended: 2 });
    await until('both to be cut', () => !second.socket.connected && !third.socket.connected);
    expect((await here.call('auth.sessions', {})).sessions).toHaveLength(1);
    expect(await here.call('auth.revokeOthers', {})).toEqual({ ended: 0 });
  });

  test('somebody else’s is answered like one that is none, and goes on', async () => {
    const [mine, theirs] = [await hub.as('patient'), await hub.as('doctor')];
    const { sessions } = await theirs.call('auth.sessions', {});
    const signInId = sessions.find((one) => one.current)?.id ?? '';
    const strip = (reply: unknown): string => JSON.stringify(reply).replace(/"traceId":"[^"]+"/, '');
    const refused = await mine.op('auth.revokeSession', { signInId });
    const none = await mine.op('auth.revokeSession', { signInId: '00000000-0000-4000-8000-000000000001' });
    expect(strip(refused)).toBe(strip(none));
    expect(refused).toMatchObject({ ok: false, error: { code: 'NOT_FOUND' } });
    expect((await theirs.http('/api/v1/account/me')).status).toBe(200);
  });
});
