import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testHub, type TestHub } from '../../support/hub.ts';
import { LocalProvider } from '../../support/providers/httpServer.ts';
import { TestBrowser } from '../../support/signIn.ts';
import { until } from '../../support/until.ts';

const twilio: LocalProvider = new LocalProvider(() => ({
  status: 201,
  body: JSON.stringify({ sid: `SM${twilio.received.length}` }),
}));
let hub: TestHub;
let other: TestHub;

beforeAll(async () => {
  const url = await twilio.start();
  hub = await testHub({
    NADI_PUBLIC_URL: 'https://clinic.example.org',
    TWILIO_ACCOUNT_SID: 'AC123',
    TWILIO_AUTH_TOKEN: 'twilio-auth-token',
    TWILIO_FROM: '+15005550006',
    TWILIO_API_URL: url,
  });
  other = await testHub({}, hub);
});
afterAll(async () => {
  await other.close();
  await hub.close();
  await twilio.close();
});

const sms = (to: string): string[] =>
  twilio.received
    .map((one) => new URLSearchParams(one.body.toString()))
    .filter((form) => form.get('To') === to)
    .map((form) => form.get('Body') ?? '');
/** The code in the nth SMS to a number. */
async function codeTo(to: string, nth = 1): Promise<string> {
  const text = await until(`code ${nth} to ${to}`, () => sms(to).filter((one) => /#\d{6}$/.test(one))[nth - 1] ?? null);
  return /#(\d{6})$/.exec(text)?.[1] ?? '';
}
const wrong = (code: string): string => (code === '111111' ? '222222' : '111111');
const collection = (name: string) => hub.database.db.collection<{ _id: string; [field: string]: unknown }>(name);
const asPhone = (to: string) => ({ channel: 'sms', to }) as const;

/** Opens an account for a number. */
async function signUp(written: string, number: string, name: string): Promise<TestBrowser> {
  const browser = new TestBrowser(hub.url);
  const { challengeId } = await browser.call('auth.requestCode', asPhone(written));
  const asked = await browser.call('auth.useCode', { challengeId, code: await codeTo(number) });
  if (!('signUp' in asked)) throw new Error('there is an account already');
  const inside = await browser.call('auth.signUp', { token: asked.signUp.token, name });
  if (!('account' in inside)) throw new Error('not signed in');
  browser.token = inside.accessToken;
  return browser;
}

describe('[A3] signing up and in by phone', () => {
  test('a number nobody has: the code, a name, and one is in as a patient with an own number', async () => {
    const browser = new TestBrowser(hub.url);
    const { challengeId } = await browser.call('auth.requestCode', { ...asPhone('090000 10001'), language: 'hi' });
    const code = await codeTo('+919000010001');
    expect(sms('+919000010001')[0]).toMatch(/^\d{6} आपका .*\n@clinic\.example\.org #\d{6}$/);
    const asked = await browser.call('auth.useCode', { challengeId, code });
    expect(asked).toEqual({ signUp: { token: expect.any(String), expiresAt: expect.any(Number) } });
    const token = 'signUp' in asked ? asked.signUp.token : '';
    expect(await browser.codeOf('auth.signUp', { token: `${token.slice(0, -1)}x`, name: 'Gita' })).toBe('CODE_EXPIRED');
    // Twice at once, as an impatient thumb does: one account.
    const both = await Promise.all([1, 2].map(() => browser.call('auth.signUp', { token, name: 'Gita Rani' })));
    const accounts = both.map((one) => ('account' in one ? one.account : null));
    expect(accounts[0]).toMatchObject({ name: 'Gita Rani', email: null, roles: ['patient'] });
    expect(accounts[0]?.patients).toEqual([expect.objectContaining({ name: 'Gita Rani', code: expect.any(String) })]);
    expect(accounts[1]).toEqual(accounts[0]);

    const elsewhere = new TestBrowser(other.url);
    const again = await elsewhere.call('auth.requestCode', asPhone('+91 90000 10001'));
    const second = { challengeId: again.challengeId, code: await codeTo('+919000010001', 2) };
    const inside = await elsewhere.call('auth.useCode', second);
    expect('account' in inside && inside.account.id).toBe(accounts[0]?.id);
    expect(await elsewhere.codeOf('auth.useCode', second)).toBe('CODE_EXPIRED');
    // No password opens it, not even none.
    expect(await collection('accounts').countDocuments({ phone: '+919000010001', passwordHash: '' })).toBe(1);
  });

  test('five tries, whoever makes them and wherever at once; then not even the right code does', async () => {
    const browser = new TestBrowser(hub.url);
    const { challengeId } = await browser.call('auth.requestCode', asPhone('9000010002'));
    const code = await codeTo('+919000010002');
    const tries = await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        new TestBrowser(i % 2 ? hub.url : other.url).codeOf('auth.useCode', { challengeId, code: wrong(code) }),
      ),
    );
    expect(tries.every((one) => one === 'WRONG_CODE' || one === 'CODE_EXPIRED')).toBe(true);
    const left = await collection('challenges').findOne({ _id: challengeId });
    expect(Number(left?.['attempts'])).toBeLessThanOrEqual(5);
    for (let i = Number(left?.['attempts']); i < 5; i++) {
      await browser.codeOf('auth.useCode', { challengeId, code: wrong(code) });
    }
    expect(await browser.codeOf('auth.useCode', { challengeId, code })).toBe('CODE_EXPIRED');
  });

  test('a code is over after five minutes, and stands nowhere in the database', async () => {
    const browser = new TestBrowser(hub.url);
    const { challengeId, expiresAt } = await browser.call('auth.requestCode', asPhone('9000010003'));
    expect(expiresAt - Date.now()).toBeLessThanOrEqual(5 * 60_000);
    const code = await codeTo('+919000010003');
    const kept = await Promise.all(
      ['challenges', 'deliveries', 'tries', 'audit'].map((name) => collection(name).find({}).toArray()),
    );
    expect(JSON.stringify(kept)).not.toContain(`"${code}"`);
    expect(JSON.stringify(kept[2])).not.toMatch(/9000010003|127\.0\.0\.1/);
    await collection('challenges').updateOne({ _id: challengeId }, { $set: { expiresAt: Date.now() - 1 } });
    expect(await browser.codeOf('auth.useCode', { challengeId, code })).toBe('CODE_EXPIRED');
  });

  test('known and unknown numbers are answered alike, up to the right code', async () => {
    await signUp('9000010004', '+919000010004', 'Known');
    const answers = [];
    for (const to of ['9000010004', '9000010005']) {
      const browser = new TestBrowser(hub.url);
      const asked = await browser.call('auth.requestCode', asPhone(to));
      const refused = await browser.codeOf('auth.useCode', { challengeId: asked.challengeId, code: '000000' });
      answers.push([Object.keys(asked).sort(), refused]);
    }
    expect(answers[0]).toEqual(answers[1]);
  });

  test.each(['044 2555 1234', '12345', '98450 11001 ext. 5', 'asha@example.org'])('%s is no number', async (to) => {
    expect(await new TestBrowser(hub.url).codeOf('auth.requestCode', asPhone(to))).toBe('INVALID_INPUT');
  });

  test('who works at a desk needs the second factor for it; it is asked for after the code', async () => {
    const doctors = collection('accounts');
    await doctors.updateOne({ email: 'doctor2@demo.nadi' }, { $set: { phone: '+919000010006' } });
    const browser = new TestBrowser(hub.url);
    const first = await browser.call('auth.requestCode', asPhone('9000010006'));
    const code = await codeTo('+919000010006');
    expect(await browser.codeOf('auth.useCode', { challengeId: first.challengeId, code })).toBe('FORBIDDEN');
    const { _id = '' } = (await doctors.findOne({ email: 'doctor2@demo.nadi' })) ?? {};
    await collection('secondFactors').insertOne({
      ...{ _id, secret: 'sealed', state: 'on', lastStep: 0, recovery: [], failures: 0, waitUntil: 0 },
      ...{ enabledAt: Date.now(), version: 1 },
    });
    const again = await browser.call('auth.requestCode', asPhone('9000010006'));
    const answer = { challengeId: again.challengeId, code: await codeTo('+919000010006', 2) };
    expect(await browser.call('auth.useCode', answer)).toMatchObject({ secondFactor: { token: expect.any(String) } });
    expect(browser.cookies.has('nadi_refresh')).toBe(false);
  });
});

describe('[A3] a code by mail', () => {
  const codeFor = async (to: string): Promise<string> => {
    const mail = await until('the mail', () => collection('shownMessages').findOne({ to, subject: /\d{6}/ }));
    return /\d{6}/.exec(String(mail['subject']))?.[0] ?? '';
  };
  const asMail = (to: string) => ({ channel: 'email', to }) as const;

  test('opens the account of an address that was confirmed, and of no other', async () => {
    const browser = new TestBrowser(hub.url);
    const first = await browser.call('auth.requestCode', asMail(' Patient2@Demo.Nadi '));
    const given = { challengeId: first.challengeId, code: await codeFor('patient2@demo.nadi') };
    expect(await browser.codeOf('auth.useCode', given)).toBe('WRONG_STATE');
    await collection('accounts').updateOne({ email: 'patient2@demo.nadi' }, { $set: { emailVerifiedAt: Date.now() } });
    await collection('shownMessages').deleteMany({});
    const second = await browser.call('auth.requestCode', asMail('patient2@demo.nadi'));
    const right = { challengeId: second.challengeId, code: await codeFor('patient2@demo.nadi') };
    expect(await browser.call('auth.useCode', right)).toMatchObject({ account: { email: 'patient2@demo.nadi' } });
  });

  test('opens an account for an address that nobody has', async () => {
    const browser = new TestBrowser(hub.url);
    const { challengeId } = await browser.call('auth.requestCode', asMail('new@example.org'));
    const asked = await browser.call('auth.useCode', { challengeId, code: await codeFor('new@example.org') });
    const token = 'signUp' in asked ? asked.signUp.token : '';
    expect(await browser.call('auth.signUp', { token, name: 'Newcomer' })).toMatchObject({
      account: { email: 'new@example.org', name: 'Newcomer' },
    });
  });
});

describe('[A3] a number of one’s own', () => {
  test('belongs to one account: proved for SMS it opens the account; another cannot have it; the only way in stays', async () => {
    const gita = await signUp('9000010007', '+919000010007', 'Gita');
    const patient = await hub.as('patient');
    await patient.call('notify.setPhone', { phone: '9000010007' });
    const code = await codeTo('+919000010007', 2);
    await expect(patient.call('notify.verifyPhone', { code })).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await gita.codeOf('notify.removePhone', {})).toBe('WRONG_STATE');
    await patient.call('notify.setPhone', { phone: '9000010008' });
    await patient.call('notify.verifyPhone', { code: await codeTo('+919000010008') });
    const browser = new TestBrowser(hub.url);
    const { challengeId } = await browser.call('auth.requestCode', asPhone('9000010008'));
    const inside = await browser.call('auth.useCode', { challengeId, code: await codeTo('+919000010008', 2) });
    expect(inside).toMatchObject({ account: { email: 'patient@demo.nadi' } });
    await patient.call('notify.removePhone', {});
    expect(await collection('accounts').countDocuments({ phone: '+919000010008' })).toBe(0);
  });
});
