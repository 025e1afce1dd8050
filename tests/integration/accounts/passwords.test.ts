import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { reply as replySchema } from '../../../shared/contract/wire.ts';
import { testHub, type TestHub } from '../../support/hub.ts';
import { TestClient } from '../../support/TestClient.ts';
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

const old = 'nadi-demo';
const fresh = 'a longer password';

async function post(path: string, body: object): Promise<string> {
  const response = await fetch(`${hub.url}/api/v1/auth/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const reply = replySchema.parse(await response.json());
  return reply.ok ? 'OK' : reply.error.code;
}
const signIn = (who: string, password: string): Promise<string> =>
  post('login', { email: `${who}@demo.nadi`, password });
const mails = (who: string, page: string) =>
  hub.database.db
    .collection('shownMessages')
    .find({ to: `${who}@demo.nadi`, text: new RegExp(`/${page}#`) })
    .toArray();
/** What stands after the # of the link. */
async function wordTo(who: string, page: string): Promise<string> {
  const [mail] = await until('the mail', async () => {
    const found = await mails(who, page);
    return found.length > 0 ? found : null;
  });
  return /#(\S+)/.exec(String(mail?.['text']))?.[1] ?? '';
}
const challenges = () => hub.database.db.collection<{ _id: string; expiresAt: number }>('challenges');

describe('[A5] choosing another password', () => {
  test('needs the one before, and ends every other sign-in on every hub', async () => {
    const [here, there] = [await hub.as('staff'), await other.as('staff')];
    const wrong = here.call('auth.changePassword', { oldPassword: 'not this one', newPassword: fresh });
    await expect(wrong).rejects.toMatchObject({ code: 'BAD_CREDENTIALS' });
    const short = here.call('auth.changePassword', { oldPassword: old, newPassword: 'short' });
    await expect(short).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    expect(there.socket.connected).toBe(true);
    await here.call('auth.changePassword', { oldPassword: old, newPassword: fresh });
    await until('the other to be cut', () => !there.socket.connected);
    expect(here.socket.connected).toBe(true);
    expect([await signIn('staff', old), await signIn('staff', fresh)]).toEqual(['BAD_CREDENTIALS', 'OK']);
  });
});

describe('[A5] a forgotten password', () => {
  test('is chosen anew by the link of a mail: once, and every sign-in ends', async () => {
    const client = await other.as('patient');
    expect(await post('request-reset', { email: ' Patient@demo.nadi ' })).toBe('OK');
    const word = await wordTo('patient', 'reset-password');
    expect(await post('reset', { word: `${word.slice(0, -1)}x`, newPassword: fresh })).toBe('CODE_EXPIRED');
    expect(await post('verify-email', { word })).toBe('CODE_EXPIRED');
    expect(await post('reset', { word, newPassword: 'short' })).toBe('INVALID_INPUT');
    const both = await Promise.all([1, 2].map(() => post('reset', { word, newPassword: fresh })));
    expect(both.sort()).toEqual(['CODE_EXPIRED', 'OK']);
    await until('its sockets to be cut', () => !client.socket.connected);
    expect([await signIn('patient', old), await signIn('patient', fresh)]).toEqual(['BAD_CREDENTIALS', 'OK']);
    const { data } = await TestClient.login(hub.url, 'patient@demo.nadi', fresh);
    const reply = await fetch(`${hub.url}/api/v1/account/email`, {
      headers: { authorization: `Bearer ${data.accessToken}` },
    });
    // Who got the mail has shown that the address is theirs.
    expect(await reply.json()).toMatchObject({ data: { email: 'patient@demo.nadi', sendsMail: true } });
    // The word stands nowhere in the database but in the demo's outbox.
    const kept = await Promise.all(
      ['challenges', 'deliveries', 'audit', 'requests'].map((name) =>
        hub.database.db.collection(name).find({}).toArray(),
      ),
    );
    expect(JSON.stringify(kept)).not.toContain(word);
  });

  test('an unknown address is answered alike; nothing is kept of it', async () => {
    const before = await challenges().countDocuments();
    expect(await post('request-reset', { email: 'nobody@demo.nadi' })).toBe('OK');
    expect(await post('request-reset', { email: 'doctor2@demo.nadi' })).toBe('OK');
    await until('the known one’s challenge', async () => (await challenges().countDocuments()) === before + 1);
    expect(await challenges().countDocuments({ target: 'nobody@demo.nadi' })).toBe(0);
  });

  test('asked again and again one mail goes out, and its link stays good; half an hour later it is not', async () => {
    await post('request-reset', { email: 'doctor@demo.nadi' });
    const word = await wordTo('doctor', 'reset-password');
    for (let i = 0; i < 3; i++) await post('request-reset', { email: 'doctor@demo.nadi' });
    const id = word.slice(0, 36);
    await challenges().updateOne({ _id: id }, { $set: { expiresAt: Date.now() - 1 } });
    expect(await post('reset', { word, newPassword: fresh })).toBe('CODE_EXPIRED');
    await challenges().updateOne({ _id: id }, { $set: { expiresAt: Date.now() + 60_000 } });
    expect(await post('reset', { word, newPassword: fresh })).toBe('OK');
    expect(await mails('doctor', 'reset-password')).toHaveLength(1);
  });

  test('a new password voids links that are under way', async () => {
    const client = await hub.as('admin');
    await post('request-reset', { email: 'admin@demo.nadi' });
    const word = await wordTo('admin', 'reset-password');
    await client.call('auth.changePassword', { oldPassword: old, newPassword: fresh });
    expect(await post('reset', { word, newPassword: 'an attacker’s choice' })).toBe('CODE_EXPIRED');
    expect(await signIn('admin', fresh)).toBe('OK');
  });
});

test('[A5] an address is shown to be one’s own by the link of a mail, once', async () => {
  const client = await hub.as('patient2');
  expect((await client.call('account.email', {})).verifiedAt).toBeNull();
  await client.call('account.requestEmailProof', {});
  const word = await wordTo('patient2', 'verify-email');
  expect(await post('reset', { word, newPassword: fresh })).toBe('CODE_EXPIRED');
  expect(await post('verify-email', { word })).toBe('OK');
  expect(await post('verify-email', { word })).toBe('CODE_EXPIRED');
  expect((await client.call('account.email', {})).verifiedAt).not.toBeNull();
});
