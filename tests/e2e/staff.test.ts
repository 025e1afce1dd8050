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
  await shoot(pages, 'staff');
});

async function open(who: string, view: typeof phone | typeof desktop): Promise<Page> {
  const { page, problems: found } = await openPage(browser, { ...view, reducedMotion: 'reduce' });
  problems.push(found);
  pages[who] = page;
  return page;
}
/** As everywhere, and a picture to look at. */
async function looksRight(page: Page, where: string): Promise<void> {
  await expectAccessible(page, where);
  await shoot({ [where.replaceAll(' ', '-')]: page }, 'look');
}
async function linkFor(to: string): Promise<string> {
  const mail = await until('the mail', () =>
    hub.database.db.collection('shownMessages').findOne({ to, text: /\/welcome#/ }, { sort: { at: -1 } }),
  );
  return `${url}${/\/welcome#\S+/.exec(String(mail['text']))?.[0] ?? ''}`;
}

test('[A2 H2] a doctor signs up, is verified, opens a desk, and a patient who signed up finds it', async () => {
  const doctor = await open('doctor', phone);
  await doctor.goto(`${url}/sign-in`);
  await doctor.getByRole('link', { name: 'New here? Make an account' }).click();
  await doctor.getByText('Doctor', { exact: true }).click();
  await doctor.getByLabel('Your name').fill('Dr. Leela Bhat');
  await doctor.getByLabel('Email').fill('leela@example.org');
  await looksRight(doctor, 'sign up');
  await doctor.getByRole('button', { name: 'Send me the mail' }).click();
  await doctor.getByText('A mail is on its way').waitFor();
  await doctor.goto(await linkFor('leela@example.org'));
  await doctor.getByRole('heading', { name: 'Welcome, Dr. Leela Bhat' }).waitFor();
  await doctor.getByLabel('New password').fill('a long enough password');
  await looksRight(doctor, 'welcome');
  await doctor.getByRole('button', { name: 'Go on' }).click();
  await doctor.getByTestId('application-state').getByText('Not handed in').waitFor();

  await doctor.getByLabel('Specialty').fill('Dermatology');
  await doctor.getByLabel('Qualification').fill('MBBS, MD');
  await doctor.getByLabel('Registration number').fill('KMC 90210');
  await doctor.getByLabel('Medical council').selectOption({ label: 'Karnataka' });
  await doctor.getByLabel('Year of registration').fill('2009');
  await doctor.getByLabel('Years of experience').fill('12');
  await doctor.getByLabel('Fee of a consultation').fill('600');
  await doctor.getByRole('checkbox', { name: 'English' }).check();
  await doctor.getByTestId('save-profile').click();
  await doctor.getByTestId('upload-certificate').setInputFiles({
    name: 'registration.pdf',
    mimeType: 'application/pdf',
    buffer: Buffer.from('%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n'),
  });
  await doctor.getByRole('button', { name: 'registration.pdf', exact: true }).waitFor();
  await doctor.getByTestId('missing').waitFor({ state: 'detached' });
  await doctor.getByRole('checkbox', { name: /What I filled in is true/ }).check();
  await looksRight(doctor, 'application');
  await doctor.getByTestId('hand-in').click();
  await doctor.getByTestId('application-state').getByText('In review').waitFor();
  await doctor.goto(`${url}/desk`);
  await doctor.getByTestId('application-state').getByText('In review').waitFor();

  const admin = await open('admin', desktop);
  await signIn(admin, url, 'admin');
  await admin.getByTestId('admin-overview').getByText('doctor waits to be verified').click();
  await admin.getByTestId('applications').getByText('Dr. Leela Bhat').waitFor();
  await looksRight(admin, 'verification');
  await admin.getByTestId('applications').getByText('Dr. Leela Bhat').click();
  await admin.getByTestId('decide-approve').click();
  await looksRight(admin, 'deciding');
  await admin.getByTestId('decide').click();
  await admin.getByTestId('application-state').getByText('Verified').waitFor();
  await looksRight(admin, 'decided');

  // Told without a reload.
  await doctor.getByTestId('application-state').getByText('Verified').waitFor();
  await doctor.getByRole('button', { name: 'Open my desk' }).click();
  await doctor.getByTestId('open-desk').click();
  await doctor.getByTestId('call-next').waitFor();

  const patient = await open('patient', phone);
  await patient.goto(`${url}/sign-up`);
  await patient.getByLabel('Your name').fill('Kavya Nair');
  await patient.getByLabel('Email').fill('kavya@example.org');
  await patient.getByRole('button', { name: 'Send me the mail' }).click();
  await patient.getByText('A mail is on its way').waitFor();
  await patient.goto(await linkFor('kavya@example.org'));
  await patient.getByLabel('Year of birth').fill('1992');
  await patient.getByLabel('New password').fill('another long password');
  await patient.getByRole('button', { name: 'Go on' }).click();
  await patient.getByText('Dr. Leela Bhat').waitFor();

  // Suspended, the desk is gone for patients, without a reload.
  await admin.getByTestId('decide-suspend').click();
  await admin.getByLabel('Reason').fill('The register says otherwise.');
  await admin.getByTestId('decide').click();
  await admin.getByTestId('application-state').getByText('Suspended').waitFor();
  await patient.getByText('Dr. Leela Bhat').waitFor({ state: 'detached' });
  expect(problems.flat()).toEqual([]);
});

test('[A1] a nurse does triage and registers nobody; a receptionist the other way round', async () => {
  const nurse = await open('nurse', desktop);
  await signIn(nurse, url, 'nurse');
  const row = (page: Page) =>
    page.locator('[data-testid=queue-row][data-state=waiting]').first().locator('[data-row-id]');
  await row(nurse).focus();
  await nurse.keyboard.press('v');
  await nurse.getByTestId('triage-save').waitFor();
  await nurse.keyboard.press('Escape');
  await nurse.locator('[role=dialog]').waitFor({ state: 'detached' });
  expect(await nurse.getByTestId('add-walk-in').count()).toBe(0);
  expect(await nurse.getByTestId('open-for').count()).toBe(0);

  const reception = await open('reception', desktop);
  await signIn(reception, url, 'reception');
  await reception.getByTestId('add-walk-in').waitFor();
  await reception.getByTestId('row-menu').first().click();
  await reception.getByRole('menuitem').first().waitFor();
  expect(await reception.getByRole('menuitem', { name: /Triage/ }).count()).toBe(0);
});

test('[H2] an admin finds somebody, changes what they are trusted with, and deactivates them', async () => {
  const admin = await open('admin', desktop);
  const reception = await open('reception', desktop);
  await signIn(admin, url, 'admin');
  await admin.getByTestId('admin-overview').waitFor();
  await signIn(reception, url, 'reception');
  await reception.getByTestId('add-walk-in').waitFor();
  await admin.goto(`${url}/admin/people`);
  await admin.getByTestId('people').getByText('Anil Mehta').waitFor();
  await looksRight(admin, 'people');
  await admin.getByTestId('invite').click();
  await looksRight(admin, 'inviting');
  await admin.keyboard.press('Escape');
  await admin.getByLabel('Name, email or phone').fill('divya');
  await admin.getByTestId('people').getByText('Anil Mehta').waitFor({ state: 'detached' });
  await admin.getByTestId('people').getByText('Divya Menon').click();
  await admin.getByRole('checkbox', { name: /^Billing/ }).check();
  await looksRight(admin, 'a person');
  await admin.getByTestId('save-trust').click();
  await admin.getByLabel('Your password').fill('wrong');
  await admin.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await admin.getByText('This is not your password.').waitFor();
  await admin.getByLabel('Your password').fill('nadi-demo');
  await admin.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await admin.getByTestId('person-state').getByText('Billing').waitFor();
  await admin.getByTestId('deactivate').click();
  await admin.getByLabel('Your password').fill('nadi-demo');
  await admin.getByRole('dialog').getByRole('button', { name: 'Deactivate' }).click();
  await admin.getByTestId('person-state').getByText('Deactivated').waitFor();
  await reception.getByText('Your session has ended').waitFor();
});
