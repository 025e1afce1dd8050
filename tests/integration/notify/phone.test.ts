import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testHub, type TestHub } from '../../support/hub.ts';
import { LocalProvider } from '../../support/providers/httpServer.ts';
import { announce, only } from '../../support/providers/people.ts';
import type { TestClient } from '../../support/TestClient.ts';
import { until } from '../../support/until.ts';

const publicUrl = 'https://clinic.example.org';
const authToken = 'twilio-auth-token';
const webhookSecret = 'telegram-webhook-secret';
const twilio: LocalProvider = new LocalProvider(() => ({
  status: 201,
  body: JSON.stringify({ sid: `SM${twilio.received.length}` }),
}));
const telegram: LocalProvider = new LocalProvider(({ path }) =>
  path.endsWith('/getMe')
    ? { status: 200, body: JSON.stringify({ ok: true, result: { username: 'nadi_demo_bot' } }) }
    : { status: 200, body: JSON.stringify({ ok: true, result: { message_id: telegram.received.length } }) },
);
let hub: TestHub;
let admin: TestClient;
let patient: TestClient;

beforeAll(async () => {
  const [twilioUrl, telegramUrl] = await Promise.all([twilio.start(), telegram.start()]);
  hub = await testHub({
    NADI_PUBLIC_URL: publicUrl,
    TWILIO_ACCOUNT_SID: 'AC123',
    TWILIO_AUTH_TOKEN: authToken,
    TWILIO_FROM: '+15005550006',
    TWILIO_API_URL: twilioUrl,
    TELEGRAM_BOT_TOKEN: '123456:test-token-test',
    TELEGRAM_API_URL: telegramUrl,
    TELEGRAM_WEBHOOK_SECRET: webhookSecret,
    NADI_SEND_TIMEOUT_MS: '700',
  });
  [admin, patient] = await Promise.all([hub.as('admin'), hub.as('patient')]);
});
afterAll(async () => {
  await hub.close();
  await Promise.all([twilio.close(), telegram.close()]);
});

const form = (index: number): URLSearchParams => new URLSearchParams(twilio.received.at(index)?.body.toString());
const deliveryOf = async (announcementId: string, state: string) =>
  await until(`the message to be ${state}`, async () => {
    const accountId = patient.signedIn.account.id;
    const found = await hub.database.db
      .collection('deliveries')
      .findOne({ 'message.announcementId': announcementId, accountId });
    return found?.['state'] === state ? found : null;
  });

describe('[E3 E4] SMS', () => {
  test('a phone is proved by a code before anything else goes there; guessing ends after five tries', async () => {
    await patient.call('notify.setPhone', { phone: '098450 11001' });
    await until('the code', () => twilio.received.length === 1);
    expect(form(-1).get('To')).toBe('+919845011001');
    expect(await patient.call('notify.preferences', {})).toMatchObject({
      phone: { number: '+91 ••••• ••001', verified: false },
    });
    await patient.call('notify.setPreferences', { channels: only('announcement', 'sms') });
    const { announcementId } = await announce(admin, ['patient'], 'Not yet');
    const of = { 'message.announcementId': announcementId, channel: 'sms' };
    const wrong = form(-1).get('Body')?.startsWith('111111') === true ? '222222' : '111111';
    for (let i = 0; i < 4; i++) {
      await expect(patient.call('notify.verifyPhone', { code: wrong })).rejects.toMatchObject({ code: 'WRONG_CODE' });
    }
    const right = /^\d{6}/.exec(form(-1).get('Body') ?? '')?.[0] ?? '';
    await expect(patient.call('notify.verifyPhone', { code: wrong })).rejects.toMatchObject({ code: 'CODE_EXPIRED' });
    await expect(patient.call('notify.verifyPhone', { code: right })).rejects.toMatchObject({ code: 'CODE_EXPIRED' });
    // Nothing in the database says the code.
    const stored = JSON.stringify(await hub.database.db.collection('challenges').find().toArray());
    expect(stored).not.toContain(right);
    await patient.call('notify.setPhone', { phone: '+91 98450 11001' });
    await until('another code', () => twilio.received.length === 2);
    await patient.call('notify.verifyPhone', { code: /^\d{6}/.exec(form(-1).get('Body') ?? '')?.[0] ?? '' });
    expect((await patient.call('notify.preferences', {})).phone?.verified).toBe(true);
    await until('its owner to be told of the new number', () => twilio.received.length === 3);
    expect(await hub.database.db.collection('deliveries').countDocuments(of)).toBe(0);
  });

  test('429 and 5xx are tried again with the provider’s id kept; status reports count only when signed', async () => {
    twilio.next.push({ status: 429, headers: { 'retry-after': '1' } }, { status: 503 });
    const { announcementId } = await announce(admin, ['patient'], 'By SMS');
    const sent = await deliveryOf(announcementId, 'sent');
    expect(sent).toMatchObject({ attempts: 3, providerId: expect.stringMatching(/^SM\d+$/) });
    expect(form(-1).get('Body')).toContain(`${publicUrl}/`);
    const callback = form(-1).get('StatusCallback') ?? '';
    expect(callback).toBe(`${publicUrl}/api/hooks/twilio?delivery=${String(sent['_id'])}`);
    const report = async (status: string, signWith: string): Promise<number> => {
      const fields = { MessageSid: String(sent['providerId']), MessageStatus: status };
      const text = callback + 'MessageSid' + fields.MessageSid + 'MessageStatus' + status;
      const signature = createHmac('sha1', signWith).update(text).digest('base64');
      const response = await fetch(callback.replace(publicUrl, hub.url), {
        method: 'POST',
        headers: { 'x-twilio-signature': signature },
        body: new URLSearchParams(fields),
      });
      return response.status;
    };
    expect(await report('undelivered', 'guessed')).toBe(404);
    expect((await deliveryOf(announcementId, 'sent'))['providerStatus']).toBeNull();
    expect(await report('delivered', authToken)).toBe(204);
    expect(await report('delivered', authToken)).toBe(204);
    expect((await deliveryOf(announcementId, 'sent'))['providerStatus']).toBe('delivered');
  });

  test('silence: not urgent, so not sent twice', async () => {
    const before = twilio.received.length;
    twilio.next.push('hang');
    const { announcementId } = await announce(admin, ['patient'], 'Silence');
    await deliveryOf(announcementId, 'unknown');
    expect(twilio.received.length - before).toBe(1);
  });

  test('who said STOP gets none any more', async () => {
    twilio.next.push({ status: 400, body: JSON.stringify({ code: 21610, message: 'unsubscribed' }) });
    const { announcementId } = await announce(admin, ['patient'], 'Stopped');
    expect(await deliveryOf(announcementId, 'dead')).toMatchObject({ reason: 'twilio-21610' });
    expect((await patient.call('notify.preferences', {})).phone?.verified).toBe(false);
  });
});

describe('[E3 E4] Telegram', () => {
  const hook = async (text: string, secret: string, updateId = 1): Promise<number> => {
    const response = await fetch(`${hub.url}/api/hooks/telegram`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-telegram-bot-api-secret-token': secret },
      body: JSON.stringify({ update_id: updateId, message: { chat: { id: 4711, type: 'private' }, text } }),
    });
    return response.status;
  };
  const messages = () =>
    telegram.received
      .filter((one) => one.path.endsWith('/sendMessage'))
      .map((one): unknown => JSON.parse(one.body.toString()));

  test('linked by a word that works once; a webhook that comes twice or is forged changes nothing', async () => {
    await until('the webhook to be registered', () =>
      telegram.received.some((one) => one.path.endsWith('/setWebhook')),
    );
    const { url } = await patient.call('notify.telegramLink', {});
    const word = /^https:\/\/t\.me\/nadi_demo_bot\?start=([\w-]{1,64})$/.exec(url)?.[1] ?? '';
    expect(await hook(`/start ${word}`, 'forged-secret-forged')).toBe(404);
    expect(await hook('/start 00000000-0000-4000-8000-000000000001-0123456789abcdef01234567', webhookSecret)).toBe(200);
    expect((await patient.call('notify.preferences', {})).telegram).toBeNull();
    const before = messages().length;
    expect(await hook(`/start ${word}`, webhookSecret, 2)).toBe(200);
    expect(await hook(`/start ${word}`, webhookSecret, 2)).toBe(200);
    expect((await patient.call('notify.preferences', {})).telegram).not.toBeNull();
    expect(messages().length - before).toBe(1);
  });

  test('messages go to the chat, 429 is waited out; who blocked the bot is unlinked', async () => {
    await patient.call('notify.setPreferences', { channels: only('announcement', 'telegram') });
    telegram.next.push({ status: 429, body: JSON.stringify({ ok: false, parameters: { retry_after: 1 } }) });
    const first = await announce(admin, ['patient'], 'By Telegram');
    expect(await deliveryOf(first.announcementId, 'sent')).toMatchObject({ attempts: 2 });
    expect(messages().at(-1)).toMatchObject({ chat_id: '4711', text: expect.stringContaining('closed on Monday') });
    telegram.next.push({
      status: 403,
      body: JSON.stringify({ ok: false, description: 'bot was blocked by the user' }),
    });
    const second = await announce(admin, ['patient'], 'Blocked');
    expect(await deliveryOf(second.announcementId, 'dead')).toMatchObject({ reason: 'telegram-403' });
    expect((await patient.call('notify.preferences', {})).telegram).toBeNull();
  });
});
