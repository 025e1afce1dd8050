import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testHub, type TestHub } from '../../support/hub.ts';
import { announce, only } from '../../support/providers/people.ts';
import { MailServer } from '../../support/providers/mailServer.ts';
import type { TestClient } from '../../support/TestClient.ts';
import { until } from '../../support/until.ts';

const server = new MailServer();
const address = 'patient@demo.nadi';
let hub: TestHub;
let admin: TestClient;
let patient: TestClient;

const delivery = (announcementId: string) =>
  hub.database.db
    .collection('deliveries')
    .findOne({ 'message.announcementId': announcementId, accountId: patient.signedIn.account.id });
const ended = async (announcementId: string, state: string) =>
  await until(`the mail to be ${state}`, async () => {
    const found = await delivery(announcementId);
    return found?.['state'] === state ? found : null;
  });

beforeAll(async () => {
  hub = await testHub({
    SMTP_URL: await server.start(),
    MAIL_FROM: 'Nadi Clinic <clinic@example.org>',
    NADI_SEND_TIMEOUT_MS: '1500',
    NADI_PUBLIC_URL: 'https://clinic.example.org',
  });
  [admin, patient] = await Promise.all([hub.as('admin'), hub.as('patient')]);
  await patient.call('notify.setPreferences', { channels: only('announcement', 'email') });
  const other = await hub.as('patient2');
  await other.call('notify.setPreferences', { channels: only('announcement') });
});
afterAll(async () => {
  await hub.close();
  await server.close();
});

describe('[E3 E4] mail over SMTP', () => {
  test('arrives as text and HTML, with nothing from elsewhere and what a person typed escaped', async () => {
    const { announcementId } = await announce(admin, ['patient'], 'Closed <b>on Monday</b>');
    const mail = await until('the mail', () => server.to(address)[0]);
    expect(mail.from).toMatchObject({ address: 'clinic@example.org', name: 'Nadi Clinic' });
    expect(mail.subject).toBe('Closed <b>on Monday</b>');
    expect(mail.text).toContain('The clinic is closed on Monday.');
    expect(mail.text).toContain('https://clinic.example.org/');
    expect(mail.html).toContain('Closed &lt;b&gt;on Monday&lt;/b&gt;');
    expect(mail.html).not.toMatch(/<img|<script|url\(|src=|<b>/);
    const sent = await ended(announcementId, 'sent');
    expect(sent['providerId']).toBe(mail.messageId);
    expect(mail.messageId).toContain(String(sent['_id']));
  });

  test('greylisted: comes in at the second try, once', async () => {
    server.next.push(451);
    const { announcementId } = await announce(admin, ['patient'], 'Greylisted');
    const sent = await ended(announcementId, 'sent');
    expect(sent['attempts']).toBe(2);
    expect(server.accepted.filter((mail) => mail.subject === 'Greylisted')).toHaveLength(1);
  });

  test('no such mailbox: given up at once, visible, and sent when an admin says so', async () => {
    server.next.push(550);
    const { announcementId } = await announce(admin, ['patient'], 'Refused');
    const dead = await ended(announcementId, 'dead');
    expect(dead).toMatchObject({ attempts: 1, reason: 'smtp-550' });
    const { deliveries } = await admin.call('notify.deadLetters', {});
    expect(deliveries).toContainEqual(
      expect.objectContaining({ id: dead['_id'], channel: 'email', kind: 'announcement', reason: 'smtp-550' }),
    );
    await expect(patient.call('notify.deadLetters', {})).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await admin.call('notify.retryDelivery', { deliveryId: String(dead['_id']) });
    await ended(announcementId, 'sent');
    expect(server.accepted.filter((mail) => mail.subject === 'Refused')).toHaveLength(1);
    // What is sent is no dead letter any more.
    await expect(admin.call('notify.retryDelivery', { deliveryId: String(dead['_id']) })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  test('silence after the body: nobody knows, so it is not sent again but shown', async () => {
    const before = server.bodies;
    server.next.push('hang');
    const { announcementId } = await announce(admin, ['patient'], 'Lost in between');
    const unknown = await ended(announcementId, 'unknown');
    expect(server.bodies - before).toBe(1);
    const { deliveries } = await admin.call('notify.deadLetters', {});
    expect(deliveries.find((one) => one.id === String(unknown['_id']))?.state).toBe('unknown');
    await admin.call('notify.discardDelivery', { deliveryId: String(unknown['_id']) });
    const after = await admin.call('notify.deadLetters', {});
    expect(after.deliveries.some((one) => one.id === String(unknown['_id']))).toBe(false);
  });

  test('in the reader’s language; withdrawn before it went out, it does not go out', async () => {
    await patient.call('notify.setPreferences', { language: 'hi' });
    await announce(admin, ['patient'], 'In Hindi');
    const mail = await until('the Hindi mail', () => server.accepted.find((one) => one.subject === 'सूचना'));
    expect(mail.html).toContain('lang="hi"');
    // Both tries of the provider fail for now; meanwhile the author takes it back.
    server.next.push(451, 451);
    const { announcementId } = await announce(admin, ['patient'], 'Taken back');
    await until('a first try', async () => Number((await delivery(announcementId))?.['attempts']) >= 1);
    await admin.call('announcements.withdraw', { announcementId });
    const { announcements } = await patient.call('announcements.mine', {});
    expect(announcements.some((one) => one.id === announcementId)).toBe(false);
    await until('it to be dropped', async () =>
      ['dead', 'discarded'].includes(String((await delivery(announcementId))?.['state'])),
    );
    expect(server.accepted.filter((one) => one.subject === 'सूचना')).toHaveLength(1);
  });
});
