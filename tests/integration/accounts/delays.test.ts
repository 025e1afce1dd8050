import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testHub, type TestHub } from '../../support/hub.ts';
import { TestBrowser } from '../../support/signIn.ts';

let hub: TestHub;
let other: TestHub;
beforeAll(async () => {
  // Limits as a clinic has them.
  hub = await testHub({ NADI_RATE_FACTOR: '1' });
  other = await testHub({}, hub);
});
afterAll(async () => {
  await other.close();
  await hub.close();
});

const tallies = () => hub.database.db.collection<{ _id: string; level: number; at: number }>('tries');
/** As if it had gone on for long: no slow machine outlasts the wait that follows. */
const goOnForLong = () =>
  tallies().updateMany({ level: { $gt: 0.5 } }, [{ $set: { level: { $add: ['$level', 7] }, at: Date.now() } }]);

const asPatient = (password: string) => ({ email: 'patient@demo.nadi', password });
const right = asPatient('nadi-demo');
const wrong = asPatient('not this one');

describe('[A5 A7] guessing is slowed, and its owner is not kept out', () => {
  test('a stranger waits on every hub; the owner’s browser does not, and has tries of its own', async () => {
    const owner = new TestBrowser(hub.url);
    expect(await owner.codeOf('auth.login', right)).toBe('OK');
    const stranger = new TestBrowser(hub.url);
    for (let i = 0; i < 6; i++) await stranger.codeOf('auth.login', wrong);
    await goOnForLong();
    for (const url of [hub.url, other.url]) {
      const { reply, retryAfter } = await new TestBrowser(url).post('auth.login', right);
      expect(reply).toMatchObject({ ok: false, error: { code: 'RATE_LIMITED' } });
      expect(Number(retryAfter)).toBeGreaterThan(0);
    }
    expect(await owner.codeOf('auth.login', wrong)).toBe('BAD_CREDENTIALS');
    expect(await owner.codeOf('auth.login', right)).toBe('OK');
    expect(await owner.at(other.url).codeOf('auth.login', right)).toBe('OK');
    // Made up, the cookie is none.
    const forged = new Map([['nadi_device', `${owner.cookies.get('nadi_device') ?? ''}x`]]);
    expect(await new TestBrowser(hub.url, forged).codeOf('auth.login', right)).toBe('RATE_LIMITED');
    // At another account the same browser is a stranger too.
    for (let i = 0; i < 6; i++) await owner.codeOf('auth.login', { ...wrong, email: 'staff@demo.nadi' });
    await goOnForLong();
    expect(await owner.codeOf('auth.login', { ...right, email: 'staff@demo.nadi' })).toBe('RATE_LIMITED');
    expect(await owner.codeOf('auth.login', right)).toBe('OK');
  });

  test('many tries at the same moment are many', async () => {
    await tallies().deleteMany({});
    const tries = await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        new TestBrowser(i % 2 ? hub.url : other.url).codeOf('auth.login', { ...wrong, email: 'nobody@demo.nadi' }),
      ),
    );
    // Whatever was judged was counted before, on each of the three.
    const judged = tries.filter((one) => one === 'BAD_CREDENTIALS').length;
    const counts = (await tallies().find({}).toArray()).map((one) => Math.round(one.level));
    expect(judged).toBeGreaterThan(0);
    expect(counts.every((one) => one >= judged)).toBe(true);
    expect(counts).toHaveLength(3);
  });

  test('a second code is not sent before a pause, for known and unknown numbers alike', async () => {
    for (const to of ['90000 20001', '90000 20002']) {
      const browser = new TestBrowser(hub.url);
      const input = { channel: 'sms', to } as const;
      const { resendAt } = await browser.call('auth.requestCode', input);
      expect(resendAt).toBeGreaterThan(0);
      await goOnForLong();
      const { reply, retryAfter } = await browser.post('auth.requestCode', input);
      expect(reply).toMatchObject({ ok: false, error: { code: 'RATE_LIMITED' } });
      expect(Number(retryAfter)).toBeGreaterThan(0);
    }
  });
});
