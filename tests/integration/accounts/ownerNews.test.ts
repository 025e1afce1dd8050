import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codeAt, stepOf } from '../../../server/accounts/totp.ts';
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

const collection = (name: string) => hub.database.db.collection<{ _id: string; [field: string]: unknown }>(name);
const password = 'nadi-demo';
const mailTo = (who: string, subject: RegExp) =>
  until(`the mail ${subject.source}`, () => collection('shownMessages').findOne({ to: `${who}@demo.nadi`, subject }));
const smsTo = (to: string, text: RegExp) =>
  until(`the SMS ${text.source}`, () => collection('shownMessages').findOne({ channel: 'sms', to, text }));

describe('[A5] owners hear of what happens to their accounts', () => {
  test('another password, a number, the second factor on and off; by mail even when they chose no mail', async () => {
    const staff = await hub.as('staff');
    await staff.call('notify.setPreferences', { language: 'hi', channels: { 'account.changed': { email: false } } });
    await staff.call('auth.changePassword', { oldPassword: password, newPassword: 'a longer password' });
    const mail = await mailTo('staff', /आपका पासवर्ड बदला गया/);
    expect(String(mail['text'])).toContain('/account');
    await staff.call('notify.setPreferences', { language: 'en' });
    await staff.call('notify.setPhone', { phone: '90000 40001' });
    const code = await smsTo('+919000040001', /\d{6}/);
    await staff.call('notify.verifyPhone', { code: /\d{6}/.exec(String(code['text']))?.[0] ?? '' });
    await smsTo('+919000040001', /A mobile number was added/);
    const { uri } = await staff.call('auth.enrolFactor', { password: 'a longer password' });
    const secret = secretOf(uri);
    await staff.call('auth.confirmFactor', { code: codeAt(secret, stepOf(Date.now())) });
    await mailTo('staff', /^The second step is on/);
    await staff.call('auth.removeFactor', { code: codeAt(secret, stepOf(Date.now()) + 1) });
    await mailTo('staff', /^The second step is off/);
  });

  test('a sign-in on a browser that did not know the account; not one on a browser that did', async () => {
    const target = { channel: 'sms', to: '90000 40002' } as const;
    const enter = async (browser: TestBrowser) => {
      await collection('shownMessages').deleteMany({ to: '+919000040002' });
      const { challengeId } = await browser.call('auth.requestCode', target);
      const sms = await smsTo('+919000040002', /#\d{6}$/);
      const code = /\d{6}/.exec(String(sms['text']))?.[0] ?? '';
      return await browser.call('auth.useCode', { challengeId, code });
    };
    const home = new TestBrowser(hub.url);
    const asked = await enter(home);
    await home.call('auth.signUp', { token: 'signUp' in asked ? asked.signUp.token : '', name: 'Gita' });
    await collection('accounts').updateOne({ phone: '+919000040002' }, { $set: { createdAt: 1 } });
    await enter(home);
    const told = () => collection('events').countDocuments({ 'data.notice.change': 'newDevice' });
    expect(await told()).toBe(0);
    await enter(new TestBrowser(other.url));
    await smsTo('+919000040002', /New sign-in to your account/);
    expect(await told()).toBe(1);
  });
});

describe('[A5] a lost second factor', () => {
  test('an admin removes it, having shown who they are; the sign-ins end on every hub, and its owner is told', async () => {
    const [admin, doctor, patient] = [await hub.as('admin'), await other.as('doctor'), await hub.as('patient')];
    const accountId = doctor.signedIn.account.id;
    const secret = secretOf((await doctor.call('auth.enrolFactor', { password })).uri);
    await doctor.call('auth.confirmFactor', { code: codeAt(secret, stepOf(Date.now())) });
    await expect(patient.call('auth.removeFactorOf', { accountId, proof: password })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
    await expect(admin.call('auth.removeFactorOf', { accountId, proof: 'not this one' })).rejects.toMatchObject({
      code: 'BAD_CREDENTIALS',
    });
    const strange = '00000000-0000-4000-8000-000000000001';
    await expect(admin.call('auth.removeFactorOf', { accountId: strange, proof: password })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    expect(doctor.socket.connected).toBe(true);
    await admin.call('auth.removeFactorOf', { accountId, proof: password });
    await until('the doctor to be cut off', () => !doctor.socket.connected);
    await mailTo('doctor', /^The clinic removed your second step/);
    const browser = new TestBrowser(hub.url);
    expect(await browser.codeOf('auth.login', { email: 'doctor@demo.nadi', password })).toBe('OK');
    await expect(admin.call('auth.removeFactorOf', { accountId, proof: password })).rejects.toMatchObject({
      code: 'WRONG_STATE',
    });
    const records = await collection('audit').find({ action: 'auth.removeFactorOf', code: 'OK' }).toArray();
    expect(records).toEqual([expect.objectContaining({ phase: 'outcome' })]);
  });

  test('an admin ends every sign-in of an account', async () => {
    const [admin, staff] = [await hub.as('admin'), await other.as('doctor2')];
    const { ended } = await admin.call('auth.endSessionsOf', { accountId: staff.signedIn.account.id, proof: password });
    expect(ended).toBe(1);
    await until('the socket to be cut', () => !staff.socket.connected);
    await mailTo('doctor2', /^The clinic ended your sign-ins/);
  });
});

/** What an authenticator app reads from the picture. */
function secretOf(uri: string): Buffer {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const encoded = new URL(uri).searchParams.get('secret') ?? '';
  const bits = [...encoded].map((one) => alphabet.indexOf(one).toString(2).padStart(5, '0')).join('');
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2)));
}
