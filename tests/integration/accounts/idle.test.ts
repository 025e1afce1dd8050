import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testHub, type TestHub } from '../../support/hub.ts';
import { TestBrowser } from '../../support/signIn.ts';
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

const minutes = 60_000;
const sessions = () =>
  hub.database.db.collection<{ _id: string; accountId: string; activeAt: number; idleUntil?: number }>('authSessions');
const login = async (who: string): Promise<TestBrowser> => {
  const browser = new TestBrowser(hub.url);
  await browser.call('auth.login', { email: `${who}@demo.nadi`, password: 'nadi-demo' });
  return browser;
};
const sidOf = (cookie: string): string => cookie.split('.')[0] ?? '';
/** As if this session had last been used that long ago. */
const rest = (sid: string, ms: number) =>
  sessions().updateOne({ _id: sid }, { $inc: { activeAt: -ms, idleUntil: -ms } });

describe('[A3] idle sign-ins end', () => {
  test('desk roles are told their limit; a patient has none', async () => {
    const doctor = await (await login('doctor')).call('auth.refresh', {});
    const patient = await (await login('patient')).call('auth.refresh', {});
    expect([doctor.idleMs, patient.idleMs]).toEqual([15 * minutes, null]);
  });

  test('a refresh is refused when the browser says that nobody was there, and the sign-in is over', async () => {
    const browser = await login('doctor');
    const sid = sidOf(browser.cookies.get('nadi_refresh') ?? '');
    await rest(sid, 14 * minutes);
    expect(await browser.codeOf('auth.refresh', { quietMs: 10 * minutes })).toBe('OK');
    await rest(sid, 20 * minutes);
    expect(await browser.codeOf('auth.refresh', { quietMs: 17 * minutes })).toBe('SESSION_IDLE');
    expect(await browser.codeOf('auth.refresh', {})).toBe('UNAUTHENTICATED');
  });

  test('closed in the evening, opened in the morning: refused, whatever the browser says', async () => {
    const browser = await login('staff');
    await rest(sidOf(browser.cookies.get('nadi_refresh') ?? ''), 8 * 60 * minutes);
    expect(await browser.codeOf('auth.refresh', { quietMs: 0 })).toBe('SESSION_IDLE');
  });

  test('its socket leaves, on whichever hub; its token is worth nothing', async () => {
    const doctor = await other.as('doctor2');
    const { activeAt = 0 } = (await sessions().findOne({ _id: sidOf(cookieOf(doctor)) })) ?? {};
    expect(activeAt).toBeGreaterThan(0);
    await rest(sidOf(cookieOf(doctor)), 17 * minutes);
    await until('its socket to be cut', () => !doctor.socket.connected);
    expect((await doctor.http('/api/v1/account/me')).status).toBe(401);
  });

  test('who does something stays; only looking is told by the browser', async () => {
    const staff = await hub.as('staff');
    const sid = sidOf(cookieOf(staff));
    await rest(sid, 14 * minutes);
    const end = async () => (await sessions().findOne({ _id: sid }))?.idleUntil ?? 0;
    const before = await end();
    await staff.call('account.me', {});
    expect(await end()).toBe(before);
    await staff.call('auth.revokeOthers', {});
    await until('its end to move', async () => (await end()) > before + 13 * minutes);
  });

  test('a patient’s sign-in has no such end', async () => {
    const browser = await login('patient');
    expect(await browser.codeOf('auth.refresh', { quietMs: 20 * 24 * 60 * minutes })).toBe('OK');
  });
});

function cookieOf(client: { refreshCookie: string }): string {
  return client.refreshCookie.split('=')[1] ?? '';
}
