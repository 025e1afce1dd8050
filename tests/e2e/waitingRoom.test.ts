import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { queueState } from '../../shared/state/queue.ts';
import { launchBrowser, openPage, phone, shoot } from '../support/browser.ts';
import { startStack, type Stack } from '../support/stack.ts';
import type { TestClient } from '../support/TestClient.ts';
import { until } from '../support/until.ts';
import { signIn } from './people.ts';

let stack: Stack;
let browser: Browser;
let page: Page;
let doctor: TestClient;
let sessionId: string;
const problems: string[][] = [];

beforeAll(async () => {
  [stack, browser] = await Promise.all([startStack(), launchBrowser()]);
  doctor = await stack.hub.as('doctor');
  sessionId = (await doctor.call('queue.sessions', {})).sessions[0]?.id ?? '';
  const opened = await openPage(browser, { ...phone, permissions: ['camera', 'microphone'] });
  page = opened.page;
  problems.push(opened.problems);
});
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await shoot({ page }, 'waiting-room');
});
afterAll(async () => {
  await browser.close();
  await stack.close();
});

describe('[C4] the waiting room', () => {
  test('checks camera, microphone and sound, tells the desk, remembers it, and opens the call by itself', async () => {
    await signIn(page, stack.url, 'patient2');
    await page.getByText('Dr. Meera Rao').click();
    await page.getByLabel('What is it about?').fill('Rash');
    await page.getByRole('button', { name: 'Join the queue' }).click();
    await page.getByRole('link', { name: 'Go to the waiting room' }).click();

    await page.getByRole('heading', { name: 'Do you see yourself?' }).waitFor();
    await until('the camera to show a moving picture', () =>
      page.getByTestId('camera-preview').evaluate((video) => video instanceof HTMLVideoElement && video.videoWidth > 0),
    );
    await page.getByRole('button', { name: 'Yes, I see myself' }).click();
    await page.getByRole('heading', { name: 'Say a few words' }).waitFor();
    // The fake microphone beeps each second.
    await page.getByText('We hear you well.').waitFor({ timeout: 20_000 });
    await page.getByRole('button', { name: 'Continue', exact: true }).click();
    await page.getByRole('button', { name: 'Play the sound' }).click();
    await page.getByRole('button', { name: 'No', exact: true }).click();
    await page.getByText('Turn the volume of your device up.').waitFor();
    await page.getByRole('button', { name: 'Play it again' }).click();
    await page.getByRole('button', { name: 'Yes', exact: true }).click();
    await page.locator('[data-testid=waiting-room][data-ready=true]').waitFor();

    // The desk sees who is ready, and why it should look.
    const queue = await doctor.subscribe('queue', sessionId);
    if (queue.kind !== 'snapshot') throw new Error('no snapshot');
    const entry = Object.values(queueState.parse(queue.state).entries).find(
      (one) => one.checkedInAt !== null && one.source === 'online',
    );
    expect(entry).toMatchObject({ mode: 'video', state: 'waiting' });

    // A reload asks nothing again.
    await page.reload();
    await page.locator('[data-testid=waiting-room][data-ready=true]').waitFor();
    expect(await page.getByTestId('device-check').count()).toBe(0);

    await doctor.call('queue.call', { sessionId, entryId: entry?.id ?? '', seen: null });
    await page.getByTestId('consult-panel').waitFor();
    expect(new URL(page.url()).pathname).toBe(`/consult/${entry?.id ?? ''}`);
    expect(problems.flat()).toEqual([]);
  });

  test('a blocked camera is no wall: this browser’s switch is shown, and one can go on', async () => {
    const context = await browser.newContext({ ...phone, locale: 'en-IN' });
    await context.addInitScript(() => {
      const devices = navigator.mediaDevices;
      Object.defineProperty(devices, 'getUserMedia', {
        value: () => Promise.reject(new DOMException('denied', 'NotAllowedError')),
      });
    });
    page = await context.newPage();
    await signIn(page, stack.url, 'patient');
    await page.getByText('Dr. Meera Rao').click();
    await page.getByLabel('What is it about?').fill('Rash');
    await page.getByRole('button', { name: 'Join the queue' }).click();
    await page.getByRole('link', { name: 'Go to the waiting room' }).click();
    await page.getByText('The browser blocks your camera.').waitFor();
    await page.getByRole('button', { name: 'I have allowed them' }).waitFor();
    await page.getByRole('button', { name: 'Continue without camera' }).click();
    await page.getByText('The browser blocks your microphone.').waitFor();
    await page.getByRole('button', { name: 'Continue without microphone' }).click();
    await page.getByRole('heading', { name: 'Do you hear us?' }).waitFor();
  });
});
