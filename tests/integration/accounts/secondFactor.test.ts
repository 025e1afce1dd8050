import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codeAt, stepOf } from '../../../server/accounts/totp.ts';
import { parseOutput } from '../../../shared/contract/index.ts';
import { reply as replySchema, type Reply } from '../../../shared/contract/wire.ts';
import { testHub, type TestHub } from '../../support/hub.ts';
import { cookieOf, type TestClient } from '../../support/TestClient.ts';

let hub: TestHub;
beforeAll(async () => {
  hub = await testHub();
});
afterAll(() => hub.close());

async function post(path: string, body: object): Promise<{ reply: Reply; cookie: string }> {
  const response = await fetch(`${hub.url}/api/v1/auth/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { reply: replySchema.parse(await response.json()), cookie: cookieOf(response) };
}
const password = 'nadi-demo';
async function firstStep(who: string): Promise<string> {
  const { reply, cookie } = await post('login', { email: `${who}@demo.nadi`, password });
  expect(cookie).toBe('');
  const answer = parseOutput('auth.login', reply.ok ? reply.data : null);
  if (!('secondFactor' in answer)) throw new Error('no second factor was asked for');
  return answer.secondFactor.token;
}
const codeOf = (reply: Reply): string => (reply.ok ? 'OK' : reply.error.code);

/** Codes that were not used yet: of now and of the next step. */
class App {
  readonly #secret: Buffer;
  #last = 0;
  constructor(base32: string) {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
    const bits = [...base32].map((one) => alphabet.indexOf(one).toString(2).padStart(5, '0')).join('');
    this.#secret = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2)));
  }
  fresh(): string {
    this.#last = Math.max(this.#last + 1, stepOf(Date.now()));
    return codeAt(this.#secret, this.#last);
  }
}
async function enrol(client: TestClient): Promise<{ app: App; recovery: string[]; used: string }> {
  const { secret } = await client.call('auth.enrolFactor', { password });
  const app = new App(secret);
  const used = app.fresh();
  const { recoveryCodes } = await client.call('auth.confirmFactor', { code: used });
  return { app, recovery: recoveryCodes, used };
}
const factors = () => hub.database.db.collection<{ _id: string; waitUntil: number; failures: number }>('secondFactors');

describe('[A5] a second factor', () => {
  test('is asked for once a code has confirmed it, not before', async () => {
    const client = await hub.as('patient');
    await expect(client.call('auth.enrolFactor', { password: 'wrong' })).rejects.toMatchObject({
      code: 'BAD_CREDENTIALS',
    });
    const { secret, uri } = await client.call('auth.enrolFactor', { password });
    expect(uri).toContain(secret);
    expect((await post('login', { email: 'patient@demo.nadi', password })).cookie).not.toBe('');
    await expect(client.call('auth.confirmFactor', { code: '000000' })).rejects.toMatchObject({ code: 'WRONG_CODE' });
    // Begun anew: the first secret is void.
    const { app, recovery, used } = await enrol(client);
    expect(recovery).toHaveLength(10);
    expect(await client.call('auth.factor', {})).toMatchObject({ factor: { recoveryLeft: 10 } });
    await expect(client.call('auth.enrolFactor', { password })).rejects.toMatchObject({ code: 'WRONG_STATE' });

    const token = await firstStep('patient');
    expect(codeOf((await post('second-factor', { token, code: used })).reply)).toBe('WRONG_CODE');
    const code = app.fresh();
    const { reply, cookie } = await post('second-factor', { token, code });
    expect(codeOf(reply)).toBe('OK');
    expect(cookie).not.toBe('');
    parseOutput('auth.secondFactor', reply.ok ? reply.data : null);
    // The same code once more, with the same token or another.
    expect(codeOf((await post('second-factor', { token, code })).reply)).toBe('WRONG_CODE');
    expect(codeOf((await post('second-factor', { token: await firstStep('patient'), code })).reply)).toBe('WRONG_CODE');

    // A recovery code works once, however it is typed.
    const [first = ''] = recovery;
    const typed = first.toLowerCase().replace('-', ' ');
    expect(codeOf((await post('second-factor', { token, code: typed })).reply)).toBe('OK');
    expect(codeOf((await post('second-factor', { token, code: first })).reply)).toBe('WRONG_CODE');
    expect(await client.call('auth.factor', {})).toMatchObject({ factor: { recoveryLeft: 9 } });
  });

  test('one code signs in one of two at the same moment', async () => {
    const client = await hub.as('patient2');
    const { app } = await enrol(client);
    const token = await firstStep('patient2');
    const code = app.fresh();
    const both = await Promise.all([post('second-factor', { token, code }), post('second-factor', { token, code })]);
    expect(both.map(({ reply }) => codeOf(reply)).sort()).toEqual(['OK', 'WRONG_CODE']);
  });

  test('many wrong codes bring a wait, whoever asks; the password alone is still answered', async () => {
    const client = await hub.as('staff');
    const { recovery } = await enrol(client);
    const [code = ''] = recovery;
    const accountId = client.signedIn.account.id;
    for (let i = 0; i < 5; i++) {
      const token = await firstStep('staff');
      expect(codeOf((await post('second-factor', { token, code: 'AAAAA-AAAAA' })).reply)).toBe('WRONG_CODE');
    }
    const token = await firstStep('staff');
    const { reply } = await post('second-factor', { token, code });
    expect(reply).toMatchObject({ ok: false, error: { code: 'RATE_LIMITED' } });
    await factors().updateOne({ _id: accountId }, { $set: { waitUntil: 0 } });
    expect(codeOf((await post('second-factor', { token, code })).reply)).toBe('OK');
    expect((await factors().findOne({ _id: accountId }))?.failures).toBe(0);
  });

  test('new recovery codes and turning it off need a fresh code; after that the password does', async () => {
    const client = await hub.as('doctor');
    const { app, recovery, used } = await enrol(client);
    for (const name of ['auth.renewRecoveryCodes', 'auth.removeFactor'] as const) {
      await expect(client.call(name, { code: used })).rejects.toMatchObject({ code: 'WRONG_CODE' });
    }
    const { recoveryCodes } = await client.call('auth.renewRecoveryCodes', { code: app.fresh() });
    expect(recoveryCodes.filter((one) => recovery.includes(one))).toEqual([]);
    await expect(client.call('auth.removeFactor', { code: recovery[0] ?? '' })).rejects.toMatchObject({
      code: 'WRONG_CODE',
    });
    const token = await firstStep('doctor');
    await client.call('auth.removeFactor', { code: recoveryCodes[0] ?? '' });
    // A first step from before leads nowhere now.
    expect(codeOf((await post('second-factor', { token, code: app.fresh() })).reply)).toBe('CODE_EXPIRED');
    expect((await post('login', { email: 'doctor@demo.nadi', password })).cookie).not.toBe('');
    await expect(client.call('auth.removeFactor', { code: '123456' })).rejects.toMatchObject({ code: 'WRONG_STATE' });
  });

  test('a made-up or changed token is none, and the database holds neither secret nor codes', async () => {
    const client = await hub.as('admin');
    const { secret } = await client.call('auth.enrolFactor', { password });
    const { recoveryCodes } = await client.call('auth.confirmFactor', { code: new App(secret).fresh() });
    const token = await firstStep('admin');
    const [account = '', expires = '', mac = ''] = token.split('.');
    for (const bad of ['x', `${account}.${expires}.AAAA`, `${account}.${Number(expires) + 60_000}.${mac}`]) {
      const { reply } = await post('second-factor', { token: bad, code: recoveryCodes[0] ?? '' });
      expect(codeOf(reply)).toBe('CODE_EXPIRED');
    }
    const names = (await hub.database.db.listCollections().toArray()).map((one) => one.name);
    const all = await Promise.all(names.map((name) => hub.database.db.collection(name).find({}).toArray()));
    const dump = JSON.stringify(all);
    expect(dump).not.toContain(secret);
    for (const one of recoveryCodes) expect(dump.includes(one) || dump.includes(one.replace('-', ''))).toBe(false);
    // Everything of it is on record, under its account.
    const records = await hub.database.db.collection('audit').find({ accountId: client.signedIn.account.id }).toArray();
    const actions = new Set(records.map((one) => String(one['action'])));
    for (const action of ['auth.enrolFactor', 'auth.confirmFactor', 'auth.password']) expect(actions).toContain(action);
  });
});
