import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { expectAccessible } from './accessible.ts';
import { codeAt, stepOf } from '../../server/accounts/totp.ts';
import { desktop, launchBrowser, openPage, phone, shoot } from '../support/browser.ts';
import { testHub, type TestHub } from '../support/hub.ts';
import { until } from '../support/until.ts';
import { signIn } from './people.ts';

let hub: TestHub;
let url: string;
let browser: Browser;
let here: Page;
let there: Page;
const problems: string[][] = [];

beforeAll(async () => {
  const clientDir = process.env['NADI_CLIENT_DIR'] ?? join(import.meta.dirname, '../../dist/client');
  if (!existsSync(join(clientDir, 'index.html'))) throw new Error(`the client is not built: ${clientDir}`);
  [hub, browser] = await Promise.all([testHub({ NADI_CLIENT_DIR: clientDir }), launchBrowser()]);
  url = hub.url.replace('127.0.0.1', 'localhost');
  const opened = [await openPage(browser, desktop), await openPage(browser, phone)] as const;
  [here, there] = [opened[0].page, opened[1].page];
  problems.push(...opened.map((one) => one.problems));
});
afterAll(async () => {
  await browser.close();
  await hub.close();
});
afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  process.stderr.write(`${problems.flat().join('\n')}\n`);
  await shoot({ here, there }, 'second-factor');
});

/** What an authenticator app does with the picture. */
function appOf(uri: string): () => string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const encoded = new URL(uri).searchParams.get('secret') ?? '';
  const bits = [...encoded].map((one) => alphabet.indexOf(one).toString(2).padStart(5, '0')).join('');
  const secret = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2)));
  let last = 0;
  return () => {
    last = Math.max(last + 1, stepOf(Date.now()));
    return codeAt(secret, last);
  };
}

test('[A5] turned on with the app, asked for at the next sign-in, and another browser is signed out from here', async () => {
  await signIn(here, url, 'patient');
  await here.getByTestId('notice-bell').waitFor();
  await here.goto(`${url}/account`);
  await here.getByRole('button', { name: 'Turn on' }).click();
  await here.getByLabel('Your password').fill('nadi-demo');
  await here.getByRole('button', { name: 'Continue' }).click();
  const picture = here.getByTestId('qr-code');
  const code = appOf((await picture.getAttribute('data-value')) ?? '');
  await expectAccessible(here, 'the picture');
  await here.getByLabel('Code from the app').fill('000000');
  await here.getByRole('button', { name: 'Turn on' }).click();
  await here.getByText('This code is not right').waitFor();
  await here.getByLabel('Code from the app').fill(code());
  await here.getByRole('button', { name: 'Turn on' }).click();
  const recovery = (await here.getByTestId('recovery-codes').getByRole('listitem').first().textContent()) ?? '';
  expect(recovery).toMatch(/^\w{5}-\w{5}$/);
  await expectAccessible(here, 'the recovery codes');
  await here.getByRole('button', { name: 'I have kept them' }).click();
  await here.getByTestId('factor-on').getByText('Recovery codes left: 10').waitFor();

  await here.getByRole('button', { name: /Asha Verma/ }).click();
  await here.getByRole('menuitem', { name: 'Sign out' }).click();
  await here.getByLabel('Email').waitFor();
  await signIn(here, url, 'patient');
  await here.getByLabel('Code from the app').fill(code());
  await expectAccessible(here, 'the second step');
  await here.getByRole('button', { name: 'Continue' }).click();
  await here.getByTestId('notice-bell').waitFor();

  await signIn(there, url, 'patient');
  await there.getByRole('button', { name: 'Use a recovery code' }).click();
  await there.getByLabel('Recovery code').fill(recovery.toLowerCase());
  await there.getByRole('button', { name: 'Continue' }).click();
  await there.getByTestId('notice-bell').waitFor();

  await there.goto(`${url}/account`);
  await there.getByTestId('factor-on').getByText('Recovery codes left: 9').waitFor();
  await there.getByTestId('sign-ins').getByText('This device').waitFor();
  await expectAccessible(there, 'my account');

  await here.goto(`${url}/account`);
  const list = here.getByTestId('sign-ins').getByRole('listitem');
  await list.nth(1).waitFor();
  expect(await list.count()).toBe(2);
  await expectAccessible(here, 'my account');
  await list.getByRole('button', { name: /^Sign out/ }).click();
  await there.getByText('Your session has ended').waitFor();
  await here.getByText('You are signed in nowhere else.').waitFor();
  expect(problems.flat()).toEqual([]);
});

test('[A5] a forgotten password is chosen anew by the link of a mail', async () => {
  const { page, problems: found } = await openPage(browser, phone);
  problems.push(found);
  await page.goto(`${url}/sign-in`);
  await page.getByText('With password').click();
  await page.getByRole('link', { name: 'Forgot your password?' }).click();
  await page.getByLabel('Email').fill('patient2@demo.nadi');
  await expectAccessible(page, 'a forgotten password');
  await page.getByRole('button', { name: 'Send the link' }).click();
  await page.getByText('a mail is on its way').waitFor();
  const mail = await until('the mail', () =>
    hub.database.db.collection('shownMessages').findOne({ to: 'patient2@demo.nadi', text: /reset-password#/ }),
  );
  const [path = ''] = /\/reset-password#\S+/.exec(String(mail['text'])) ?? [];
  await page.goto(`${url}${path}`);
  await page.getByLabel('New password').fill('short');
  await page.getByRole('button', { name: 'Save the new password' }).click();
  await page.getByText('Choose at least 10 characters.').waitFor();
  expect(page.url()).not.toContain('#');
  await page.getByLabel('New password').fill('a longer password');
  await expectAccessible(page, 'a new password');
  await page.getByRole('button', { name: 'Save the new password' }).click();
  await page.getByRole('link', { name: 'Sign in' }).click();
  await page.getByText('With password').click();
  await page.getByLabel('Email').fill('patient2@demo.nadi');
  await page.getByLabel('Password', { exact: true }).fill('a longer password');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByTestId('notice-bell').waitFor();
});
