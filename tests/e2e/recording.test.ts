import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { currentRecordingConsent } from '../../shared/consentText.ts';
import { writeChatter } from '../media/support/chatter.ts';
import { desktop, launchBrowser, openPage, phone, shoot } from '../support/browser.ts';
import { startStack, type Stack } from '../support/stack.ts';
import type { TestClient } from '../support/TestClient.ts';
import { until } from '../support/until.ts';
import { signIn } from './people.ts';

const { text: words } = currentRecordingConsent;

let stack: Stack;
let folder: string;
let doctorBrowser: Browser;
let patientBrowser: Browser;
let doctor: Page;
let patient: Page;
let entryId: string;
let asDoctor: TestClient;
let asPatient: TestClient;
const problems: string[][] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nadi-e2e-sound-'));
  const hears = async (seed: number): Promise<Browser> => {
    const file = join(folder, `${seed}.wav`);
    await writeChatter(file, seed);
    return await launchBrowser({ hears: file });
  };
  [stack, doctorBrowser, patientBrowser] = await Promise.all([startStack(), hears(1), hears(2)]);
  const atDesk = await openPage(doctorBrowser, desktop);
  const onPhone = await openPage(patientBrowser, phone);
  [doctor, patient] = [atDesk.page, onPhone.page];
  problems.push(atDesk.problems, onPhone.problems);

  [asDoctor, asPatient] = [await stack.hub.as('doctor'), await stack.hub.as('patient')];
  await callIn();
});
afterAll(async () => {
  asDoctor.close();
  asPatient.close();
  await Promise.all([doctorBrowser.close(), patientBrowser.close()]);
  await stack.close();
  await rm(folder, { recursive: true, force: true });
});
afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  process.stderr.write(`${problems.flat().join('\n')}\n`);
  await shoot({ doctor, patient }, 'recording');
});

/** A video visit that has been called: how one gets there is the first consult's matter. */
async function callIn(seen: string | null = null): Promise<void> {
  const sessionId = (await asDoctor.call('queue.sessions', {})).sessions[0]?.id ?? '';
  const patientId = asPatient.signedIn.account.patients[0]?.id ?? '';
  ({ entryId } = await asPatient.call('queue.join', { sessionId, patientId, mode: 'video', reason: 'Cough' }));
  await asDoctor.call('queue.call', { sessionId, entryId, seen });
}

const sign = async (page: Page, state: string): Promise<void> =>
  await page.locator(`[data-testid=recording-sign][data-state=${state}]`).waitFor();
const noSign = async (page: Page): Promise<void> =>
  await page.getByTestId('recording-sign').waitFor({ state: 'detached' });
const together = async (page: Page): Promise<void> =>
  await page.locator('[data-testid=consult-panel][data-face=together]').waitFor({ timeout: 60_000 });
const asked = async (page: Page): Promise<string[]> => [
  await page.getByRole('dialog').getByRole('heading').innerText(),
  ...(await page.getByTestId('consent-text').getByRole('listitem').allInnerTexts()),
];

/** Bytes of the sound files the media node holds. */
async function spooled(): Promise<number[]> {
  const files = (await readdir(stack.spoolDir)).filter((name) => name.endsWith('.sound'));
  return await Promise.all(files.map(async (name) => (await stat(join(stack.spoolDir, name))).size));
}

/** How loud each speaker's file is, as the doctor's browser decodes it: root mean square. */
async function loudness(): Promise<number[]> {
  const { recordings } = await asDoctor.call('recordings.list', { entryId });
  const tracks = recordings.flatMap((one) => one.tracks);
  expect(tracks.map((track) => track.side).sort()).toEqual(['doctor', 'patient']);
  return await Promise.all(
    tracks.map(async ({ id }) => {
      const headers = { authorization: `Bearer ${asDoctor.signedIn.accessToken}` };
      const file = await fetch(`${stack.hub.url}/api/v1/recordings/${id}`, { headers });
      return await doctor.evaluate(
        async (base64) => {
          const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
          const sound = await new OfflineAudioContext(1, 1, 48_000).decodeAudioData(bytes.buffer);
          const samples = sound.getChannelData(0);
          return Math.sqrt(samples.reduce((sum, value) => sum + value * value, 0) / samples.length);
        },
        Buffer.from(await file.arrayBuffer()).toString('base64'),
      );
    }),
  );
}

describe('[D6] recording a consultation', () => {
  test('asked of both in their words, refused, agreed, stopped by the patient, heard by the doctor', async () => {
    await Promise.all([signIn(doctor, stack.url, 'doctor'), signIn(patient, stack.url, 'patient')]);
    await patient.getByTestId('answer-call').waitFor();
    await patient.evaluate(() => localStorage.setItem('nadi.locale', '"hi"'));
    await patient.goto(`${stack.url}/consult/${entryId}`);
    const desk = doctor.getByTestId('desk-call').getByRole('button', { name: 'Join' });
    if (await desk.isVisible()) await desk.click();
    await doctor.getByTestId('start').click();
    await Promise.all([together(doctor), together(patient)]);
    expect(await patient.getByTestId('record').count()).toBe(0);

    // The doctor is asked like everybody else; until the patient has answered, nothing is recorded.
    await doctor.getByTestId('record').click();
    expect(await asked(doctor)).toEqual([words.en.title, ...words.en.points]);
    await doctor.getByTestId('consent-yes').click();
    await sign(doctor, 'waiting');
    expect(await asked(patient)).toEqual([words.hi.title, ...words.hi.points]);

    // No is no: for both, it is said, and nobody is asked again by itself.
    await patient.getByTestId('consent-no').click();
    await doctor.locator('[data-testid=recording-outcome][data-outcome=declined]').waitFor();
    await Promise.all([noSign(doctor), noSign(patient)]);
    await patient.getByRole('dialog').waitFor({ state: 'detached' });

    // Asked again by the doctor, whose own consent stands.
    await doctor.getByTestId('record').click();
    await patient.getByTestId('consent-yes').click();
    await Promise.all([sign(doctor, 'on'), sign(patient, 'on')]);
    await until('seconds of both are on the disk', async () => {
      const sizes = await spooled();
      return sizes.length === 2 && sizes.every((bytes) => bytes > 8_000);
    });

    // One touch of the patient.
    await patient.getByTestId('recording-stop').click();
    await Promise.all([noSign(doctor), noSign(patient)]);

    // Both speakers, on one time line.
    const player = doctor.getByTestId('recording-player');
    await player.waitFor();
    await player.getByRole('button', { name: 'Play' }).click();
    await player.getByRole('button', { name: 'Pause' }).waitFor();
    const position = player.getByLabel('Position');
    await until('it plays', async () => Number(await position.inputValue()) > 1);
    for (const who of ['Doctor', 'Patient']) expect(await player.getByLabel(`Hear ${who}`).isChecked()).toBe(true);
    for (const loud of await loudness()) expect(loud).toBeGreaterThan(0.005);
    expect(await patient.getByTestId('recordings').count()).toBe(0);
    expect(problems.flat()).toEqual([]);
  });

  test('what the end of the visit has ended is there too', async () => {
    await doctor.getByTestId('record').click();
    await patient.getByTestId('consent-yes').click();
    await Promise.all([sign(doctor, 'on'), sign(patient, 'on')]);
    await until('something is on the disk', async () => (await spooled()).some((bytes) => bytes > 3_000));
    await doctor.getByTestId('finish').click();
    await noSign(patient);
    await doctor.getByText('Done today').click();
    await doctor.locator('text=A-004').first().click();
    await doctor.getByTestId('recording-player').nth(1).waitFor();
    expect(await doctor.getByTestId('recording-player').count()).toBe(2);
    await doctor.getByText('Lakshmi Iyer').click();
    await doctor.getByTestId('recordings').waitFor({ state: 'detached' });
    expect(problems.flat()).toEqual([]);
  });

  test('the patient stops it while the hub is away', async () => {
    await callIn(entryId);
    await patient.goto(`${stack.url}/consult/${entryId}`);
    await doctor.getByTestId('start').click();
    await Promise.all([together(doctor), together(patient)]);
    await doctor.getByTestId('record').click();
    await doctor.getByTestId('consent-yes').click();
    await patient.getByTestId('consent-yes').click();
    await Promise.all([sign(doctor, 'on'), sign(patient, 'on')]);
    await stack.hub.app.close();
    await patient.getByTestId('recording-stop').click();
    await Promise.all([noSign(doctor), noSign(patient)]);
  });
});
