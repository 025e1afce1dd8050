import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createBalancer, type Balancer } from '../support/balancer.ts';
import { desktop, launchBrowser, openPage, phone, shoot } from '../support/browser.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { hubEnvironment } from '../support/hub.ts';
import { bundleHub, startHubProcess, type HubProcess } from '../support/hubProcess.ts';
import { TestClient } from '../support/TestClient.ts';
import { until } from '../support/until.ts';
import { signIn } from './people.ts';

let database: TestDatabase;
let bundle: string;
let env: Readonly<Record<string, string>>;
let balancer: Balancer;
let browser: Browser;
let staff: Page;
let doctor: Page;
let patient: Page;
const hubs: HubProcess[] = [];

beforeAll(async () => {
  [database, bundle, browser] = await Promise.all([testDatabase(), bundleHub(), launchBrowser()]);
  const clientDir = process.env['NADI_CLIENT_DIR'] ?? join(import.meta.dirname, '../../dist/client');
  const settings = { NADI_CLIENT_DIR: clientDir, NADI_DRAIN_MS: '1000', NADI_HEARTBEAT_MS: '500' };
  ({ env } = hubEnvironment(database, settings));
  hubs.push(await startHubProcess(env, bundle), await startHubProcess(env, bundle));
  balancer = await createBalancer(() => hubs.flatMap((hub) => (hub.running() ? [hub.url] : [])));
  [staff, doctor, patient] = [
    (await openPage(browser, desktop)).page,
    (await openPage(browser, desktop)).page,
    (await openPage(browser, phone)).page,
  ];
});
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await shoot({ staff, doctor, patient }, 'many-hubs');
});
afterAll(async () => {
  await browser.close();
  await Promise.all(hubs.map((hub) => hub.kill()));
  await balancer.close();
  await rm(bundle, { force: true });
  await database.drop();
});

/** How reachable reception sees Dr. Meera Rao. */
const shown = (): Promise<string | null> =>
  staff
    .getByTestId('staff-section')
    .filter({ hasText: 'Meera' })
    .locator('[data-presence]')
    .first()
    .getAttribute('data-presence', { timeout: 1_000 });

describe('many hubs behind a balancer, seen in browsers', () => {
  test('[E2] reception sees the doctor come and the patient sees the reception; both in words', async () => {
    await signIn(staff, balancer.url, 'staff');
    await staff.getByTestId('staff-section').first().waitFor();
    await until('the doctor to be offline', async () => (await shown()) === 'offline');
    await signIn(doctor, balancer.url, 'doctor');
    await doctor.getByTestId('call-next').waitFor();
    await until('the doctor to be online', async () => (await shown()) === 'online');
    const asha = await TestClient.as(balancer.url, 'patient');
    const meera = (await asha.call('queue.sessions', {})).sessions.find((one) => one.doctorName.includes('Meera'));
    const patientId = asha.signedIn.account.patients[0]?.id ?? '';
    await asha.call('queue.join', { sessionId: meera?.id ?? '', patientId, mode: 'video', reason: 'Cough' });
    asha.close();
    await signIn(patient, balancer.url, 'patient');
    const team = patient.getByTestId('care-team');
    await team.getByText('Online').waitFor();
    await team.getByText('Reception is there').waitFor();
  });

  test('[I2] a rolling restart of every hub: pages stay live, show no trouble, and go on', async () => {
    const pages = [staff, doctor, patient];
    for (const page of pages) {
      await page.evaluate(() => {
        const troubles: string[] = [];
        Object.assign(globalThis, { troubles });
        new MutationObserver(() => {
          const found = /Reconnecting|Connecting|You are offline|Something went wrong/.exec(document.body.innerText);
          if (found) troubles.push(found[0]);
        }).observe(document.body, { subtree: true, childList: true, characterData: true });
      });
    }
    for (const i of [0, 1]) {
      await hubs[i]?.kill('SIGTERM');
      const other = hubs[1 - i];
      const desk = await TestClient.as(other?.url ?? '', 'staff');
      const sessionId = (await desk.call('queue.sessions', {})).sessions.find((one) =>
        one.doctorName.includes('Meera'),
      )?.id;
      const name = `Moved ${i}`;
      const person = { name, age: 30, gender: 'other' as const, reason: 'Cough' };
      await desk.call('queue.addWalkIn', { sessionId: sessionId ?? '', ...person });
      desk.close();
      for (const page of [staff, doctor]) await page.getByText(name).first().waitFor();
      hubs[i] = await startHubProcess(env, bundle);
    }
    for (const page of pages)
      expect(await page.evaluate(() => JSON.stringify(Reflect.get(globalThis, 'troubles')))).toBe('[]');
    await until('the doctor to be online still', async () => (await shown()) === 'online');
    await doctor.close();
    await until('the doctor to be gone', async () => (await shown()) === 'offline');
  });
});
