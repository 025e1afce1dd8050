import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { desktop, launchBrowser, openPage, phone, shoot } from '../support/browser.ts';
import { startStack, type Stack } from '../support/stack.ts';
import { until } from '../support/until.ts';
import { signIn } from './people.ts';

let stack: Stack;
let browser: Browser;
let staff: Page;
let doctor: Page;
let patient: Page;
const problems: string[][] = [];

beforeAll(async () => {
  [stack, browser] = await Promise.all([startStack(), launchBrowser()]);
  const pages = [await openPage(browser, desktop), await openPage(browser, desktop), await openPage(browser, phone)];
  problems.push(...pages.map((one) => one.problems));
  const [first, second, third] = pages.map((one) => one.page);
  if (!first || !second || !third) throw new Error('no page');
  [staff, doctor, patient] = [first, second, third];
  await Promise.all([
    signIn(staff, stack.url, 'staff'),
    signIn(doctor, stack.url, 'doctor'),
    signIn(patient, stack.url, 'patient2'),
  ]);
});
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await shoot({ staff, doctor, patient }, 'reception');
});
afterAll(async () => {
  await browser.close();
  await stack.close();
});

const rows = (page: Page): Promise<(string | null)[]> =>
  page.getByTestId('queue-row').evaluateAll((all) => all.map((row) => row.getAttribute('data-token')));

describe('the reception desk', () => {
  test('[A1 A4 C1 C5 C8] a walk-in without a login, by keyboard alone; the doctor sees it without reload', async () => {
    await staff.getByTestId('staff-section').first().waitFor();
    await doctor.getByTestId('call-next').waitFor();
    expect(await rows(doctor)).not.toContain('A-004');
    await staff.keyboard.press('a');
    await staff.getByLabel('Full name').waitFor();
    await staff.keyboard.type('Gita Rani');
    await staff.keyboard.press('Tab');
    await staff.keyboard.type('98450 99999');
    await staff.keyboard.press('Tab');
    await staff.keyboard.type('41');
    await staff.getByLabel('Sex').selectOption('female');
    await staff.getByLabel('Reason').fill('Dizzy since yesterday');
    const doctors = await staff.getByLabel('Doctor').locator('option').allTextContents();
    await staff.getByLabel('Doctor').selectOption({ label: doctors.find((name) => name.includes('Meera')) ?? '' });
    await staff.getByLabel('Reason').press('Enter');
    await staff.getByTestId('walk-in-result').waitFor();
    expect(await staff.getByTestId('walk-in-result').getAttribute('data-token')).toBe('A-004');
    expect(await staff.getByLabel('Full name').evaluate((field) => field === document.activeElement)).toBe(true);
    await until('the doctor’s list to show the new patient', async () => (await rows(doctor)).includes('A-004'));
    await doctor.getByText('Gita Rani').first().waitFor();
    await staff.keyboard.press('Escape');
  });

  test('[C1 C2] skip sets aside, call again brings back, urgent moves up; both desks agree', async () => {
    await doctor.keyboard.press('n');
    await doctor.getByTestId('skip').click();
    await until('nobody to be at the desk', async () => (await doctor.getByTestId('current-token').count()) === 0);
    const states = (page: Page, state: string): Promise<number> =>
      page.locator(`[data-testid=queue-row][data-state=${state}]`).count();
    await until('reception to see the skip', async () => (await states(staff, 'skipped')) === 1);
    const skipped = doctor.locator('[data-testid=queue-row][data-state=skipped]');
    const token = await skipped.getAttribute('data-token');
    await skipped.locator('[data-row-id]').focus();
    await doctor.keyboard.press('r');
    await until('the skipped patient to be called', async () =>
      ((await doctor.getByTestId('current-token').textContent()) ?? '').includes(token ?? '?'),
    );
    await until('reception to see it', async () => (await states(staff, 'called')) === 1);
    await doctor.getByTestId('start').click();
    await doctor.getByTestId('finish').click();

    const waiting = doctor.locator('[data-testid=queue-row][data-state=waiting]');
    const last = await waiting.last().getAttribute('data-token');
    await waiting.last().locator('[data-row-id]').focus();
    await doctor.keyboard.press('u');
    await until('the urgent one to be first', async () => (await waiting.first().getAttribute('data-token')) === last);
    expect(problems.flat()).toEqual([]);
  });

  test('[C3 C8] a phone that lost its connection says so, misses nothing and repeats nothing', async () => {
    await patient.getByText('Dr. Meera Rao').click();
    await patient.getByLabel('What is it about?').fill('Sore throat');
    await patient.getByRole('button', { name: 'Join the queue' }).click();
    await patient.getByTestId('place-card').waitFor();
    const headline = async (): Promise<string> => (await patient.getByTestId('place-headline').textContent()) ?? '';
    const before = await headline();
    await patient.context().setOffline(true);
    stack.hub.app.cutSockets();
    await patient
      .getByText(/You are offline|Reconnecting/)
      .first()
      .waitFor();
    await doctor.keyboard.press('n');
    await doctor.getByTestId('start').click();
    await doctor.getByTestId('finish').click();
    await until('the desk to be free', async () => (await doctor.getByTestId('current-token').count()) === 0);
    expect(await headline()).toBe(before);
    await patient.context().setOffline(false);
    await until('the place to have moved', async () => (await headline()) !== before);
    await until(
      'the warning to be gone',
      async () =>
        !(await patient
          .getByText(/You are offline/)
          .first()
          .isVisible()),
    );
  });
});
