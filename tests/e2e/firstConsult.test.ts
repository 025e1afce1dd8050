import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { desktop, launchBrowser, openPage, phone, shoot } from '../support/browser.ts';
import { startStack, type Stack } from '../support/stack.ts';
import { until } from '../support/until.ts';
import { picture, received, signIn, watchMedia } from './people.ts';

let stack: Stack;
let doctorBrowser: Browser;
let patientBrowser: Browser;
let doctor: Page;
let patient: Page;
const problems: string[][] = [];

beforeAll(async () => {
  [stack, doctorBrowser, patientBrowser] = await Promise.all([startStack(), launchBrowser(), launchBrowser()]);
  const atDesk = await openPage(doctorBrowser, desktop);
  const onPhone = await openPage(patientBrowser, phone);
  [doctor, patient] = [atDesk.page, onPhone.page];
  problems.push(atDesk.problems, onPhone.problems);
  await Promise.all([watchMedia(doctor), watchMedia(patient)]);
});
afterAll(async () => {
  await Promise.all([doctorBrowser.close(), patientBrowser.close()]);
  await stack.close();
});

afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') process.stderr.write(`${problems.flat().join('\n')}\n`);
  if (task.result?.state === 'fail') await shoot({ doctor, patient }, 'first-consult');
});

const headline = async (): Promise<string> => (await patient.getByTestId('place-headline').textContent()) ?? '';
const rangeText = async (): Promise<string> => (await patient.getByTestId('place-range').textContent()) ?? '';

/** The picture of the other side moves and is really decoded here; the sound arrives and is not silence. */
async function expectLive(page: Page, who: string): Promise<void> {
  let before = await received(page);
  await until(
    `${who} decodes the other side’s video and hears it`,
    async () => {
      const now = await received(page);
      // A consumer that was replaced takes its counts with it: count anew from there.
      if (now.frames < before.frames || now.audioPackets < before.audioPackets) before = now;
      const [frames, packets] = [now.frames - before.frames, now.audioPackets - before.audioPackets];
      return frames > 20 && packets > 20 && now.audioEnergy > before.audioEnergy;
    },
    { timeoutMs: 60_000, everyMs: 500 },
  );
  const first = await until(`${who} sees a picture`, () => picture(page, 'remote-video'));
  await until(`${who} sees it move`, async () => (await picture(page, 'remote-video')) !== first);
}

describe('[A1 A3 C1 C2 C3 C8 D1 D2 E1 I3] the first consult', () => {
  test('from the door to the call and back', async () => {
    await Promise.all([signIn(doctor, stack.url, 'doctor'), signIn(patient, stack.url, 'patient')]);

    // The patient takes a place.
    await patient.getByText('Dr. Meera Rao').click();
    await patient.getByLabel('What is it about?').fill('Cough for a week');
    await patient.getByRole('button', { name: 'Join the queue' }).click();
    await patient.getByText('A-004').first().waitFor();
    await until('three people before', async () => (await headline()) === '3 people before you');
    const ranges = [await rangeText()];

    // The doctor works through those before, by keyboard; the place moves each time.
    await doctor.getByTestId('call-next').waitFor();
    for (const expected of ['2 people before you', '1 person before you', 'You are next']) {
      await doctor.keyboard.press('n');
      await until(`“${expected}”`, async () => (await headline()) === expected);
      ranges.push(await rangeText());
      await doctor.getByTestId('start').click();
      await doctor.getByTestId('finish').click();
      await until('the desk to be free', () => doctor.getByText('Nobody is at the desk').first().isVisible());
    }
    expect(new Set(ranges).size, ranges.join(' | ')).toBeGreaterThan(2);

    // Called: the whole screen is the call.
    await doctor.keyboard.press('n');
    await patient.getByTestId('answer-call').click();
    const join = doctor.getByTestId('desk-call').getByRole('button', { name: 'Join' });
    if (await join.isVisible()) await join.click();
    await doctor.getByTestId('start').click();
    await Promise.all([expectLive(doctor, 'the doctor'), expectLive(patient, 'the patient')]);

    // Chat both ways.
    await patient.getByTestId('toggle-chat').click();
    await patient.getByLabel('Write a message').fill('Namaste doctor');
    await patient.keyboard.press('Enter');
    await doctor.getByTestId('chat-messages').getByText('Namaste doctor').waitFor();
    await doctor.getByLabel('Write a message').fill('Namaste, how are you?');
    await doctor.keyboard.press('Enter');
    await patient.getByTestId('chat-messages').getByText('Namaste, how are you?').waitFor();

    // A reload takes the same seat.
    await patient.reload();
    await Promise.all([expectLive(patient, 'the patient after a reload'), expectLive(doctor, 'the doctor after it')]);

    // The end: for both, and in the history.
    await doctor.getByTestId('finish').click();
    await patient.getByRole('heading', { name: 'The consultation is over' }).waitFor();
    await patient.goto(`${stack.url}/patient`);
    await patient.getByTestId('place-history').getByText('A-004').waitFor();
    const visit = await until('the visit to be recorded', () =>
      stack.hub.database.db.collection('encounters').findOne({ mode: 'video', status: 'completed' }),
    );
    expect(visit['endedAt']).toBeGreaterThan(Number(visit['startedAt']));
    expect(problems.flat()).toEqual([]);
  });
});
