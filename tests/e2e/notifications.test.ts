import type { Browser, BrowserContext, CDPSession, Page } from 'playwright-core';
import webPush from 'web-push';
import { z } from 'zod';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { expectAccessible } from './accessible.ts';
import { desktop, launchBrowser, openPage, phone, shoot } from '../support/browser.ts';
import { testHub, type TestHub } from '../support/hub.ts';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../support/until.ts';
import { signIn } from './people.ts';

let hub: TestHub;
let url: string;
let browser: Browser;
let patient: Page;
let context: BrowserContext;
const problems: string[][] = [];

beforeAll(async () => {
  const clientDir = process.env['NADI_CLIENT_DIR'] ?? join(import.meta.dirname, '../../dist/client');
  if (!existsSync(join(clientDir, 'index.html'))) throw new Error(`the client is not built: ${clientDir}`);
  const keys = webPush.generateVAPIDKeys();
  [hub, browser] = await Promise.all([
    testHub({
      NADI_CLIENT_DIR: clientDir,
      NADI_VAPID_PUBLIC_KEY: keys.publicKey,
      NADI_VAPID_PRIVATE_KEY: keys.privateKey,
    }),
    launchBrowser(),
  ]);
  url = hub.url.replace('127.0.0.1', 'localhost');
  const opened = await openPage(browser, phone);
  problems.push(opened.problems);
  patient = opened.page;
  context = patient.context();
  await context.grantPermissions(['notifications'], { origin: url });
  await signIn(patient, url, 'patient');
  await patient.getByTestId('notice-bell').waitFor();
});
afterAll(async () => {
  await browser.close();
  await hub.close();
});
afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  process.stderr.write(`${problems.flat().join('\n')}\n`);
  await shoot({ patient }, 'notifications');
});

/** No violation of WCAG 2.2 A and AA, and nothing sticks out sideways. */
describe('[E3 E4 I2] notifications', () => {
  test('an announcement appears at once: banner, bell, list; put away it is read, taken back it is gone', async () => {
    const admin = await openPage(browser, desktop);
    problems.push(admin.problems);
    await signIn(admin.page, url, 'admin');
    await admin.page.getByTestId('notice-bell').waitFor();
    await admin.page.goto(`${url}/admin/announcements`);
    await admin.page
      .getByRole('textbox', { name: /^Title/ })
      .first()
      .fill('Closed on Monday');
    await admin.page.getByRole('textbox', { name: /^Text/ }).first().fill('We are back on Tuesday at nine.');
    await admin.page.getByRole('button', { name: 'Announce' }).click();
    await patient.getByTestId('news-banner').getByText('We are back on Tuesday at nine.').waitFor();
    await patient.getByRole('button', { name: 'Notifications, 1 unread' }).click();
    await patient.getByTestId('notice-list').getByText('Closed on Monday').waitFor();
    await patient.waitForFunction(() => document.getAnimations().length === 0);
    await expectAccessible(patient, 'the list', { exclude: ['iframe'] });
    await patient.keyboard.press('Escape');
    await patient.getByRole('button', { name: 'Got it' }).click();
    await patient.getByTestId('news-banner').waitFor({ state: 'detached' });
    await patient.getByRole('button', { name: 'Notifications', exact: true }).waitFor();

    await expectAccessible(admin.page, 'announcements', { exclude: ['iframe'] });
    await admin.page.getByRole('button', { name: 'Take back' }).click();
    await admin.page.getByRole('dialog').getByRole('button', { name: 'Take back' }).click();
    await patient.getByTestId('notice-bell').click();
    await patient.getByText('Nothing new').waitFor();
    await patient.keyboard.press('Escape');

    // It also went out by mail; a demo shows it, shut away from the page.
    await admin.page.getByRole('link', { name: 'Outbox' }).click();
    await admin.page.getByTestId('outbox').getByText('Closed on Monday').first().click();
    const mail = admin.page.frameLocator('iframe').first();
    await mail.getByText('We are back on Tuesday at nine.').waitFor();
    await admin.page.context().close();
  });

  test('choices survive a reload', async () => {
    await patient.goto(`${url}/settings/notifications`);
    const box = patient.getByRole('checkbox', { name: 'I am next: Email' });
    await box.check();
    await patient.getByRole('switch', { name: /No sound at night/ }).check();
    await patient.getByLabel('From', { exact: true }).fill('21:30');
    await patient.getByLabel('From', { exact: true }).blur();
    await until('the server to know', async () => {
      const stored = await hub.database.db.collection('notifySettings').findOne({ 'quiet.from': 21 * 60 + 30 });
      return z.object({ 'queue.next': z.object({ email: z.literal(true) }) }).safeParse(stored?.['channels']).success;
    });
    await patient.reload();
    await expect.poll(() => box.isChecked(), { timeout: 10_000 }).toBe(true);
    expect(await patient.getByLabel('From', { exact: true }).inputValue()).toBe('21:30');
    await expectAccessible(patient, 'the settings', { exclude: ['iframe'] });
  });

  test('a push message becomes a notification in words of the reader, and leads to the page', async () => {
    // The browser's own push service is out of reach here, so the page says so; the worker is there all the same.
    await patient.getByRole('button', { name: 'Turn on messages' }).click();
    await patient.getByText('could not reach its message service').waitFor();
    await until('the service worker', () =>
      patient.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.active?.state === 'activated'),
    );
    const cdp: CDPSession = await context.newCDPSession(patient);
    const registrations: { registrationId: string; scopeURL: string }[] = [];
    cdp.on('ServiceWorker.workerRegistrationUpdated', (event) => registrations.push(...event.registrations));
    await cdp.send('ServiceWorker.enable');
    const registration = await until('the registration', () => registrations.find((one) => one.scopeURL === `${url}/`));
    const push = (data: object) =>
      cdp.send('ServiceWorker.deliverPushMessage', {
        origin: url,
        registrationId: registration.registrationId,
        data: JSON.stringify(data),
      });
    const shown = () =>
      patient.evaluate(async () => {
        const found = await (await navigator.serviceWorker.getRegistration())?.getNotifications();
        return (found ?? []).map(({ title, body, tag, lang, data }) => {
          const path: unknown = Reflect.get(Object(data), 'path');
          return { title, body, tag, lang, path };
        });
      });
    const message = { kind: 'queue.called', id: 'n1', path: '/patient', tag: 'queue-1', lang: 'hi' };
    await push(message);
    const [first] = await until('the notification', async () => {
      const found = await shown();
      return found.length > 0 ? found : null;
    });
    expect(first).toEqual({
      title: 'आपकी बारी आ गई',
      body: 'अभी Nadi खोलें: डॉक्टर बुला रहे हैं।',
      tag: 'queue-1',
      lang: 'hi',
      path: '/patient',
    });
    // The same tag takes its place; what is not understood still says something, and leads nowhere else.
    await push({ ...message, kind: 'queue.noShow', lang: 'en' });
    await push({ kind: 'constructor', path: '//evil.example.org', tag: 'other', lang: '__proto__' });
    const both = await until('two notifications', async () => {
      const found = await shown();
      return found.length === 2 && found.some((one) => one.tag === 'other') ? found : null;
    });
    expect(both.find((one) => one.tag === 'queue-1')?.title).toBe('We called and did not find you');
    expect(both.find((one) => one.tag === 'other')).toMatchObject({ title: 'Nadi', path: '/' });

    // A tap on it, as the browser reports it to the worker: the open page goes there.
    const worker = await until('the worker', () => context.serviceWorkers()[0]);
    await worker.evaluate(`(async () => {
      const [notification] = await registration.getNotifications({ tag: 'queue-1' });
      dispatchEvent(new NotificationEvent('notificationclick', { notification }));
    })()`);
    await patient.waitForURL(`${url}/patient`);
    // Chromium has no push service in the private windows that tests use, and says so.
    expect(problems.flat().filter((one) => !one.includes('Push API in incognito'))).toEqual([]);
  });
});
