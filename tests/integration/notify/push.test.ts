import webPush from 'web-push';
import { z } from 'zod';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testHub, type TestHub } from '../../support/hub.ts';
import { announce, listOf, only } from '../../support/providers/people.ts';
import { PushClient, pushService, vapidClaims } from '../../support/providers/pushService.ts';
import type { TestClient } from '../../support/TestClient.ts';
import { until } from '../../support/until.ts';

const keys = webPush.generateVAPIDKeys();
const service = pushService();
let origin: string;
let hub: TestHub;
let admin: TestClient;
let patient: TestClient;
let browser: PushClient;

const toBrowser = (who: PushClient) => service.received.filter((one) => who.endpoint.endsWith(one.path));
const deliveries = () => hub.database.db.collection('deliveries');

beforeAll(async () => {
  origin = await service.start();
  hub = await testHub({
    NADI_VAPID_PUBLIC_KEY: keys.publicKey,
    NADI_VAPID_PRIVATE_KEY: keys.privateKey,
    NADI_VAPID_SUBJECT: 'mailto:push@example.org',
    NADI_PUSH_PRIVATE: '1',
    NADI_SEND_TIMEOUT_MS: '1000',
  });
  [admin, patient] = await Promise.all([hub.as('admin'), hub.as('patient')]);
  browser = new PushClient(origin, 'asha');
  await patient.call('notify.subscribePush', { endpoint: browser.endpoint, keys: browser.keys, language: 'hi' });
  await patient.call('notify.setPreferences', { channels: only('announcement', 'push') });
});
afterAll(async () => {
  await hub.close();
  await service.close();
});

describe('[E3 E4] web push', () => {
  test('the message decrypts in a client, is signed by us, and holds nothing personal', async () => {
    expect(await patient.call('notify.vapidKey', {})).toEqual({ key: keys.publicKey });
    const { announcementId } = await announce(admin, ['patient'], 'Asha, your results are here');
    const request = await until('the push', () => toBrowser(browser)[0]);
    const claims = await vapidClaims(request, keys.publicKey, origin);
    expect(claims.sub).toBe('mailto:push@example.org');
    expect(request.headers).toMatchObject({ 'content-encoding': 'aes128gcm', urgency: 'normal' });
    expect(Number(request.headers['ttl'])).toBeGreaterThan(60);
    const payload = browser.open(request);
    expect(payload).toEqual({
      kind: 'announcement',
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      path: '/',
      tag: expect.stringMatching(/^[\w-]{24}$/),
      lang: 'hi',
    });
    expect(JSON.stringify(payload)).not.toMatch(new RegExp(`Asha|results|${announcementId}`));
    const sent = await until('the note of it', () => deliveries().findOne({ state: 'sent', channel: 'push' }));
    expect(sent['providerId']).toBe('/message/push/asha');
  });

  test('somebody else’s key does not open it', () => {
    const request = toBrowser(browser)[0]!;
    expect(() => new PushClient(origin, 'asha').open(request)).toThrow();
  });

  test('429 is waited out as long as asked, 5xx and silence are tried again; each arrives once more, not twice', async () => {
    const before = toBrowser(browser).length;
    service.next.push({ status: 429, headers: { 'retry-after': '2' } }, { status: 503 }, 'hang');
    const asked = Date.now();
    const { announcementId } = await announce(admin, ['patient'], 'Again');
    const of = { 'message.announcementId': announcementId, accountId: patient.signedIn.account.id };
    const done = await until('the fourth try to be taken', () => deliveries().findOne({ ...of, state: 'sent' }), {
      timeoutMs: 25_000,
    });
    expect(done['attempts']).toBe(4);
    expect(toBrowser(browser).length - before).toBe(4);
    expect(Date.now() - asked).toBeGreaterThanOrEqual(2_000);
    expect(await deliveries().countDocuments(of)).toBe(1);
  });

  test('a browser that is gone is forgotten, the others get theirs, and an admin sees why', async () => {
    const second = new PushClient(origin, 'asha-tablet');
    await patient.call('notify.subscribePush', { endpoint: second.endpoint, keys: second.keys, language: 'en' });
    expect((await patient.call('notify.preferences', {})).devices).toBe(2);
    const usual = service.usual;
    service.usual = (request) => (request.path.endsWith('/asha') ? { status: 410 } : usual(request));
    await announce(admin, ['patient'], 'To both');
    await until('the tablet’s message', () => toBrowser(second).length === 1);
    expect(browser.open(toBrowser(browser)[0]!)).toMatchObject({ kind: 'announcement' });
    await until('the phone to be forgotten', async () => (await patient.call('notify.preferences', {})).devices === 1);
    const { deliveries: dead } = await admin.call('notify.deadLetters', {});
    expect(dead).toContainEqual(
      expect.objectContaining({ channel: 'push', kind: 'announcement', state: 'dead', reason: 'push-410' }),
    );
    expect(JSON.stringify(dead)).not.toMatch(/Asha|asha|push\//);
    service.usual = usual;
  });

  test('endpoints inside our network and wrong keys are refused', async () => {
    const strict = await testHub({
      NADI_VAPID_PUBLIC_KEY: keys.publicKey,
      NADI_VAPID_PRIVATE_KEY: keys.privateKey,
    });
    const somebody = await strict.as('patient');
    for (const endpoint of [
      'http://push.example.org/a',
      'https://127.0.0.1/a',
      'https://[::1]/a',
      'https://[::ffff:10.0.0.8]/a',
      'https://169.254.169.254/latest/meta-data',
      'https://localhost/a',
      'https://metadata/a',
      'https://user@push.example.org/a',
    ]) {
      await expect(
        somebody.call('notify.subscribePush', { endpoint, keys: browser.keys, language: 'en' }),
        endpoint,
      ).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    }
    await strict.close();
  });

  test('a browser belongs to who signed in there last', async () => {
    const other = await hub.as('patient2');
    const shared = new PushClient(origin, 'shared');
    for (const who of [patient, other]) {
      await who.call('notify.subscribePush', { endpoint: shared.endpoint, keys: shared.keys, language: 'en' });
    }
    const devices = hub.database.db.collection('pushDevices');
    expect(await devices.find({ endpoint: shared.endpoint }).toArray()).toMatchObject([
      { accountId: other.signedIn.account.id },
    ]);
    // Nobody can take away what is not theirs.
    await patient.call('notify.unsubscribePush', { endpoint: shared.endpoint });
    expect(await devices.countDocuments({ endpoint: shared.endpoint })).toBe(1);
  });
});

describe('[E2 E4] chat', () => {
  test('who is not here is told of a message, without a word of it; who is here is not', async () => {
    const [doctor, away] = await Promise.all([hub.as('doctor'), hub.as('patient')]);
    const phone = new PushClient(origin, 'chat');
    await away.call('notify.subscribePush', { endpoint: phone.endpoint, keys: phone.keys, language: 'en' });
    const sessionId = (await doctor.call('queue.sessions', {})).sessions[0]!.id;
    const patientId = away.signedIn.account.patients[0]!.id;
    const { entryId } = await away.call('queue.join', { sessionId, patientId, mode: 'video', reason: 'Cough' });
    await doctor.call('chat.send', { threadId: entryId, text: 'Seen on the page' });
    const effects = hub.database.db.collection('events');
    await until('the effect of the first message', () =>
      effects.findOne({ stream: `chat:${entryId}`, due: { $exists: false } }),
    );
    expect(toBrowser(phone)).toEqual([]);
    away.close();
    patient.close();
    await until('the push of a message', async () => {
      await doctor.call('chat.send', { threadId: entryId, text: 'Your report is here' });
      return toBrowser(phone).length > 0;
    });
    const payload = phone.open(toBrowser(phone)[0]!);
    expect(payload).toMatchObject({ kind: 'chat.message', path: `/messages/${entryId}` });
    expect(JSON.stringify(payload)).not.toContain('report');
    await patient.connect();
  });
});

describe('[E5] quiet hours and urgency, over the queue', () => {
  test('called comes through at night, next does not', async () => {
    const [doctor, sleeper] = await Promise.all([hub.as('doctor2'), hub.as('patient2')]);
    const phone = new PushClient(origin, 'ravi');
    await sleeper.call('notify.subscribePush', { endpoint: phone.endpoint, keys: phone.keys, language: 'en' });
    await sleeper.call('notify.setPreferences', { quiet: { from: 0, to: 0, zone: 'Asia/Kolkata' } });
    const list = await listOf(sleeper);
    const sessionId = (await doctor.call('queue.sessions', {})).sessions[0]!.id;
    const patientId = sleeper.signedIn.account.patients[0]!.id;
    await sleeper.call('queue.join', { sessionId, patientId, mode: 'video', reason: 'Cough' });
    // One is before: calling them makes the sleeper the next one.
    const first = await doctor.call('queue.callNext', { sessionId, seen: null });
    await until('“you are next” on the page', () => list().items.find((one) => one.notice.kind === 'queue.next'));
    await doctor.call('queue.skip', { sessionId, entryId: first.entryId });
    await doctor.call('queue.callNext', { sessionId, seen: first.entryId });
    const request = await until('the push of the call', () => toBrowser(phone)[0]);
    expect(phone.open(request)).toMatchObject({ kind: 'queue.called', path: '/patient', lang: 'en' });
    expect(request.headers['urgency']).toBe('high');
    const items = list().items.filter((one) => one.notice.kind !== 'announcement');
    // The call took the place of “you are next”: same tag, one line.
    expect(items.map((one) => one.notice.kind)).toEqual(['queue.called']);
    expect(items[0]?.count).toBe(2);
    expect(toBrowser(phone)).toHaveLength(1);
    const kinds = z.array(z.object({ message: z.object({ kind: z.string() }) }));
    const of = { accountId: sleeper.signedIn.account.id, 'message.kind': { $regex: '^queue' } };
    const made = kinds.parse(await deliveries().find(of).toArray());
    expect(new Set(made.map((one) => one.message.kind))).toEqual(new Set(['queue.called']));
  });
});
