import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectAccessible } from './accessible.ts';
import { chatMessage } from '../../shared/state/chat.ts';
import { takePlace, type Visit } from '../integration/chat/support.ts';
import { desktop, launchBrowser, openPage, phone, shoot } from '../support/browser.ts';
import { testHub, type TestHub } from '../support/hub.ts';
import { until } from '../support/until.ts';
import { signIn } from './people.ts';

const clientDir = process.env['NADI_CLIENT_DIR'] ?? join(import.meta.dirname, '../../dist/client');
let hub: TestHub;
let browser: Browser;
let url: string;
let visit: Visit;

beforeAll(async () => {
  if (!existsSync(join(clientDir, 'index.html'))) throw new Error(`the client is not built: ${clientDir}`);
  [hub, browser] = await Promise.all([testHub({ NADI_CLIENT_DIR: clientDir }), launchBrowser()]);
  url = hub.url.replace('127.0.0.1', 'localhost');
  visit = await takePlace(hub, await hub.as('patient'));
});
afterAll(async () => {
  await browser.close();
  await hub.close();
});

/** From the start page to the thread, as a person goes there. */
async function openThread(page: Page, name: string): Promise<void> {
  await page.getByRole('link', { name: /^Messages/ }).click();
  await page.getByTestId('thread').filter({ hasText: name }).filter({ hasText: 'Visit' }).click();
  await page.getByLabel('Write a message').waitFor();
}

/** Words among the messages, not in the announcement of them. */
const said = (page: Page, text: string) => page.getByTestId('chat-messages').getByText(text);

/** The menu of one's own message with these words. */
async function act(page: Page, text: string, item: string): Promise<void> {
  const line = page.locator('[data-message]').filter({ hasText: text });
  await line.hover();
  await line.getByRole('button', { name: 'More for this message' }).click();
  await page.getByRole('menuitem', { name: item }).click();
}

test('[E1] a doctor and a patient write to each other: typing, read, a picture, a change, a withdrawal, and offline', async () => {
  const [patientSide, doctorSide] = [
    await openPage(browser, { ...phone, reducedMotion: 'reduce' }),
    await openPage(browser, { ...desktop, reducedMotion: 'reduce' }),
  ];
  let patient = patientSide.page;
  const doctor = doctorSide.page;
  try {
    const first = await hub.as('patient');
    await first.call('chat.send', { threadId: visit.entryId, text: 'Good morning' });
    await Promise.all([signIn(patient, url, 'patient'), signIn(doctor, url, 'doctor')]);
    await doctor.getByRole('link', { name: 'Messages: 1 unread message' }).waitFor();
    await openThread(doctor, 'Asha Verma');
    await doctor.getByTestId('chat-new').waitFor();
    await doctor.getByRole('link', { name: 'Messages', exact: true }).waitFor();
    await openThread(patient, 'Dr. Meera Rao');
    await patient.getByText('Read', { exact: true }).waitFor();

    await doctor.getByLabel('Write a message').pressSequentially('How are');
    await patient.getByText('Dr. Meera Rao is writing…').waitFor();
    await doctor.getByLabel('Write a message').fill('How are you?');
    await doctor.keyboard.press('Enter');
    await said(patient, 'How are you?').waitFor();
    await doctor.getByText('Read', { exact: true }).waitFor();
    await patient.getByText('Dr. Meera Rao is writing…').waitFor({ state: 'detached' });

    const photo = await sharp({ create: { width: 800, height: 500, channels: 3, background: '#487' } })
      .png()
      .toBuffer();
    await patient.getByTestId('chat-file').setInputFiles([
      { name: 'rash.png', mimeType: 'image/png', buffer: photo },
      { name: 'not-really.png', mimeType: 'image/png', buffer: Buffer.from('<html>no picture</html>') },
    ]);
    await patient.getByText('This kind of file cannot be used here.').waitFor();
    await patient.getByRole('button', { name: 'Remove not-really.png' }).click();
    await patient.getByLabel('Write a message').fill('It loks like this');
    await patient.getByRole('button', { name: 'Send' }).click();
    await patient.getByRole('button', { name: 'Remove rash.png' }).waitFor({ state: 'detached' });
    const thumbnail = doctor.getByTestId('chat-thumbnail');
    await thumbnail.waitFor();
    await until('the small picture to be drawn', () =>
      thumbnail.evaluate((image) => image instanceof HTMLImageElement && image.naturalWidth === 320),
    );
    await doctor.getByRole('button', { name: 'Open the picture rash.png' }).click();
    await until('the large picture to be drawn', () =>
      doctor
        .getByRole('img', { name: 'rash.png' })
        .evaluate((image) => image instanceof HTMLImageElement && image.naturalWidth === 800),
    );
    await doctor.keyboard.press('Escape');

    await act(patient, 'It loks like this', 'Edit');
    await patient.getByLabel('Change the message').fill('It looks like this');
    await patient.keyboard.press('Enter');
    await said(doctor, 'It looks like this').waitFor();
    await said(doctor, 'edited').waitFor();
    await said(doctor, 'It loks like this').waitFor({ state: 'detached' });
    await Promise.all([
      expectAccessible(patient, 'a thread on a phone'),
      expectAccessible(doctor, 'messages on a desk'),
    ]);

    await act(patient, 'Good morning', 'Take back');
    await patient.getByRole('button', { name: 'Take back' }).click();
    await said(doctor, 'This message was taken back').waitFor();
    await said(doctor, 'Good morning').waitFor({ state: 'detached' });

    // No connection: written all the same, kept over the end of the page, sent once.
    await patient.context().setOffline(true);
    hub.app.cutSockets();
    await patient.getByLabel('Write a message').fill('Sent exactly once');
    await patient.getByRole('button', { name: 'Send' }).click();
    await patient.getByTestId('chat-outgoing').getByText('Sent exactly once').waitFor();
    await until('it to be kept in the browser', () =>
      patient.evaluate(() => Object.keys(localStorage).some((key) => key.startsWith('nadi.outbox.'))),
    );
    await patient.close();
    await patientSide.page.context().setOffline(false);
    patient = await patientSide.page.context().newPage();
    await patient.goto(`${url}/messages/${visit.entryId}`);
    await said(doctor, 'Sent exactly once').waitFor();
    await doctor.getByTestId('thread').filter({ hasText: 'Sent exactly once' }).waitFor();
    await patient.locator('[data-message]').getByText('Sent exactly once').waitFor();
    await patient.getByTestId('chat-outgoing').waitFor({ state: 'detached' });
    await until('nothing of it to be left in the browser', () =>
      patient.evaluate(() => !Object.keys(localStorage).some((key) => key.startsWith('nadi.outbox.'))),
    );
    const after = await hub.as('patient');
    const { messages } = await after.call('chat.history', { threadId: visit.entryId, before: 1_000 });
    const texts = messages.map((one) => chatMessage.parse(one).text);
    expect(texts.filter((text) => text === 'Sent exactly once')).toHaveLength(1);
    const unexpected = doctorSide.problems.filter((one) => !/ERR_INTERNET_DISCONNECTED|WebSocket/.test(one));
    expect(unexpected).toEqual([]);
  } catch (error) {
    await shoot({ patient, doctor }, 'chat');
    throw error;
  }
});
