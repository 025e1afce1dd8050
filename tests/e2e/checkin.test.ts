import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Keys } from '../../server/queue/keys.ts';
import { launchBrowser, openPage, phone, shoot } from '../support/browser.ts';
import { startStack, type Stack } from '../support/stack.ts';
import type { TestClient } from '../support/TestClient.ts';
import { until } from '../support/until.ts';
import { queueState } from '../../shared/state/queue.ts';

let stack: Stack;
let browser: Browser;
let page: Page;
let doctor: TestClient;
let staff: TestClient;
let patient: TestClient;
let desk: { id: string; clinicId: string };
let entryId: string;
const problems: string[][] = [];

beforeAll(async () => {
  [stack, browser] = await Promise.all([startStack(), launchBrowser()]);
  [doctor, staff, patient] = await Promise.all(['doctor', 'staff', 'patient2'].map((who) => stack.hub.as(who))).then(
    ([a, b, c]) => {
      if (!a || !b || !c) throw new Error('no client');
      return [a, b, c];
    },
  );
  const [own] = (await doctor.call('queue.sessions', {})).sessions;
  const patientId = patient.signedIn.account.patients[0]?.id ?? '';
  desk = own ?? { id: '', clinicId: '' };
  const input = { sessionId: desk.id, patientId, mode: 'in-person' as const, reason: 'Cough' };
  ({ entryId } = await patient.call('queue.join', input));
  const opened = await openPage(browser, phone);
  page = opened.page;
  problems.push(opened.problems);
});
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await shoot({ page }, 'checkin');
});
afterAll(async () => {
  await browser.close();
  await stack.close();
});

/** Another fragment of the same address would not load the page. */
async function open(address: string): Promise<void> {
  await page.goto('about:blank');
  await page.goto(`${stack.url}${address}`);
}

async function checkedInAt(): Promise<number | null> {
  const queue = await doctor.subscribe('queue', desk.id);
  if (queue.kind !== 'snapshot') throw new Error('no snapshot');
  return queueState.parse(queue.state).entries[entryId]?.checkedInAt ?? null;
}

describe('[C7] check-in by the code at the reception', () => {
  test('signs in first, keeps the code, refuses an old code and another clinic’s in plain words, then one tap', async () => {
    const keys = new Keys(stack.hub.env['NADI_SECRET'] ?? '');
    await open(`/check-in#${keys.sign('check-in', desk.clinicId, Date.now() - 120_000)}`);
    // The code is out of the address at once, and still there after the sign-in.
    await page.getByText('With password').click();
    await page.getByLabel('Email').fill('patient2@demo.nadi');
    expect(page.url()).not.toContain('#');
    await page.getByLabel('Password', { exact: true }).fill('nadi-demo');
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('button', { name: 'I am here' }).click();
    await page.getByText('This code has run out').waitFor();

    const elsewhere = '018f4e3a-0000-7000-8000-000000000001';
    await open(`/check-in#${keys.sign('check-in', elsewhere, Date.now() + 300_000)}`);
    await page.getByRole('button', { name: 'I am here' }).click();
    await page.getByText('This code is not of your clinic').waitFor();
    expect(await checkedInAt()).toBeNull();

    const { url } = await staff.call('queue.checkInCode', { clinicId: desk.clinicId });
    await open(new URL(url, stack.url).pathname + new URL(url, stack.url).hash);
    await page.getByRole('button', { name: 'I am here' }).click();
    await page.getByRole('heading', { name: 'Reception knows that you are here' }).waitFor();
    expect(await checkedInAt()).not.toBeNull();

    // Once more: said, not refused.
    await page.reload();
    await page.getByText(/You are checked in since/).waitFor();
    expect(problems.flat()).toEqual([]);
  });

  test('the own code of a place leads to the place and can be read by the desk', async () => {
    const { entryId: second } = await (async () => {
      await patient.call('queue.leave', { entryId });
      const patientId = patient.signedIn.account.patients[0]?.id ?? '';
      return await patient.call('queue.join', { sessionId: desk.id, patientId, mode: 'in-person', reason: 'Cough' });
    })();
    entryId = second;
    await page.goto(`${stack.url}/patient`);
    await page.getByRole('button', { name: 'Show my code' }).click();
    const value = (await page.getByTestId('qr-code').getAttribute('data-value')) ?? '';
    const code = /^https?:\/\/[^/]+\/place\/([\w-]{20,64})$/.exec(value)?.[1] ?? '';
    await staff.call('queue.scanArrived', { clinicId: desk.clinicId, code });
    await page.getByTestId('place-note-here').waitFor();
    expect(await page.getByTestId('qr-code').count()).toBe(0);
  });
});

describe('[C5] the page behind a place’s link', () => {
  test('shows the place without a sign-in or a name, live: a break, the call, a call taken back', async () => {
    const { url } = await staff.call('queue.placeLink', { sessionId: desk.id, entryId });
    const opened = await openPage(browser, phone);
    page = opened.page;
    const response = await page.goto(new URL(url, stack.url).href);
    expect(response?.headers()['referrer-policy']).toBe('no-referrer');
    expect(response?.headers()['x-robots-tag']).toBe('noindex');
    await page.getByTestId('linked-place').waitFor();
    const text = await page.locator('body').innerText();
    for (const { name } of patient.signedIn.account.patients) expect(text).not.toContain(name);

    const backAt = Date.parse('2030-01-01T05:50:00Z');
    await doctor.call('queue.pause', { sessionId: desk.id, reason: 'break', until: backAt });
    // By the clinic's clock, wherever the phone is.
    await page
      .getByTestId('place-detail')
      .filter({ hasText: /on a break till 11:20\sam/ })
      .waitFor();
    await doctor.call('queue.unpause', { sessionId: desk.id });

    const queue = await doctor.call('queue.call', { sessionId: desk.id, entryId, seen: null });
    await page.getByTestId('answer-call').waitFor();
    await doctor.call('queue.undo', { sessionId: desk.id, entryId, undoes: queue.seq });
    await until('the call screen to be gone', async () => (await page.getByTestId('answer-call').count()) === 0);
    await page
      .getByTestId('place-headline')
      .filter({ hasText: /before you|You are next/ })
      .waitFor();

    await page.goto(`${stack.url}/place/${'x'.repeat(43)}`);
    await page.getByText('This link leads nowhere').waitFor();
    const keys = new Keys(stack.hub.env['NADI_SECRET'] ?? '');
    await page.goto(`${stack.url}/place/${keys.sign('place-link', entryId, Date.now() - 120_000)}`);
    await page.getByText('This link has ended').waitFor();
    expect(opened.problems).toEqual([]);
  });
});
