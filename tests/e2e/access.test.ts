import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { desktop, launchBrowser, openPage, phone, shoot } from '../support/browser.ts';
import { testHub, type TestHub } from '../support/hub.ts';
import { until } from '../support/until.ts';
import { expectAccessible } from './accessible.ts';
import { signIn } from './people.ts';

let hub: TestHub;
let url: string;
let browser: Browser;
const pages: Record<string, Page> = {};
const problems: string[][] = [];

beforeAll(async () => {
  const clientDir = process.env['NADI_CLIENT_DIR'] ?? join(import.meta.dirname, '../../dist/client');
  if (!existsSync(join(clientDir, 'index.html'))) throw new Error(`the client is not built: ${clientDir}`);
  [hub, browser] = await Promise.all([testHub({ NADI_CLIENT_DIR: clientDir }), launchBrowser()]);
  url = hub.url.replace('127.0.0.1', 'localhost');
});
afterAll(async () => {
  await browser.close();
  await hub.close();
});
afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  process.stderr.write(`${problems.flat().join('\n')}\n`);
  await shoot(pages, 'access');
});

async function open(name: string, options: Parameters<typeof openPage>[1]): Promise<Page> {
  const opened = await openPage(browser, options);
  problems.push(opened.problems);
  pages[name] = opened.page;
  return opened.page;
}
test('[A3] a phone and a number are enough: code, name, and one is in', async () => {
  const page = await open('phone', phone);
  await page.goto(`${url}/sign-in`);
  const number = page.getByRole('textbox', { name: 'Mobile number' });
  await number.fill('12345 67');
  await page.getByRole('button', { name: 'Send the code' }).click();
  await page.getByText('Enter a whole mobile number').waitFor();
  await number.fill('90000 30001');
  await expectAccessible(page, 'the number');
  await shoot({ number: page }, 'access');
  await page.getByRole('button', { name: 'Send the code' }).click();
  const code = page.getByRole('textbox', { name: 'Code' });
  await code.waitFor();
  const sms = await until('the SMS', () =>
    hub.database.db.collection('shownMessages').findOne({ channel: 'sms', to: '+919000030001' }),
  );
  const right = /#(\d{6})$/.exec(String(sms['text']))?.[1] ?? '';
  await code.fill(right === '000000' ? '111111' : '000000');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByText('This is not the code we sent').waitFor();
  await expectAccessible(page, 'the code');
  await shoot({ code: page }, 'access');
  await code.fill(right);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByLabel('Your name').fill('Gita Rani');
  await expectAccessible(page, 'the name');
  await page.getByRole('button', { name: 'Open my account' }).click();
  await page.getByTestId('notice-bell').waitFor();
  await page.goto(`${url}/account`);
  await page.getByText('+91 ••••• ••001').waitFor();
  await page.getByTestId('sign-ins').waitFor();
  await expectAccessible(page, 'my account');
  await shoot({ account: page }, 'access');
});

test('[A3] nobody at the desk: it asks, locks, and goes on where it was', async () => {
  const page = await open('desk', desktop);
  await page.clock.install();
  await signIn(page, url, 'staff');
  await page.getByTestId('notice-bell').waitFor();
  await page.goto(`${url}/account`);
  await page.getByRole('button', { name: 'Choose a new password' }).click();
  // Something half written, to be found again.
  const draft = page.getByLabel('New password');
  await draft.fill('half a thought');
  await page.mouse.move(300, 300);

  await page.clock.fastForward('14:30');
  await page.getByRole('dialog', { name: 'Are you still there?' }).waitFor();
  await expectAccessible(page, 'the question');
  await shoot({ question: page }, 'access');
  await page.getByRole('button', { name: 'Stay signed in' }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });

  await page.clock.fastForward('15:30');
  await page.getByRole('heading', { name: 'This screen is locked' }).waitFor();
  expect(await page.getByText('My account').count()).toBe(0);
  expect(await page.locator('body').innerText()).not.toContain('Where you are signed in');
  await expectAccessible(page, 'the locked screen');
  await shoot({ locked: page }, 'access');
  const live = hub.database.db.collection('authSessions');
  await until('the sign-in to be over', async () => (await live.countDocuments({ revokedAt: { $gt: 0 } })) === 1);
  await page.getByLabel('Password', { exact: true }).fill('wrong');
  await page.getByRole('button', { name: 'Unlock' }).click();
  await page.getByText('This is not the password of this account').waitFor();
  await page.getByLabel('Password', { exact: true }).fill('nadi-demo');
  await page.getByRole('button', { name: 'Unlock' }).click();
  await page.getByRole('heading', { name: 'My account' }).waitFor();
  expect(await draft.inputValue()).toBe('half a thought');
  await expectAccessible(page, 'my account');
});
