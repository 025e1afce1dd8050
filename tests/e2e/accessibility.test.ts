import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { expectAccessible } from './accessible.ts';
import { desktop, launchBrowser, openPage, phone } from '../support/browser.ts';
import { startStack, type Stack } from '../support/stack.ts';
import { byPassword, signIn } from './people.ts';

let stack: Stack;
let browser: Browser;

beforeAll(async () => {
  [stack, browser] = await Promise.all([startStack(), launchBrowser()]);
});
afterAll(async () => {
  await browser.close();
  await stack.close();
});

const looks = [
  { view: 'phone', language: 'en', scheme: 'light' },
  { view: 'phone', language: 'hi', scheme: 'dark' },
  { view: 'desktop', language: 'hi', scheme: 'light' },
  { view: 'desktop', language: 'en', scheme: 'dark' },
] as const;
type Look = (typeof looks)[number];

async function open(look: Look): Promise<Page> {
  const { page } = await openPage(browser, {
    ...(look.view === 'phone' ? phone : desktop),
    colorScheme: look.scheme,
    locale: look.language === 'hi' ? 'hi-IN' : 'en-IN',
    reducedMotion: 'reduce',
  });
  return page;
}

/** No violation of WCAG 2.2 A and AA, the language is told, and nothing sticks out sideways. */
describe.each(looks)('[I1] $view, $language, $scheme', (look) => {
  test('sign-in', async () => {
    const page = await open(look);
    await page.goto(stack.url);
    await page.locator(look.view === 'phone' ? 'input[type=tel]' : 'input[type=password]').waitFor();
    await expectAccessible(page, 'sign-in', { language: look.language });
    await byPassword(page);
    await page.locator('input[type=password]').waitFor();
    await expectAccessible(page, 'sign-in by password', { language: look.language });
    await page.context().close();
  });

  test.each([
    { who: 'patient2', ready: 'textarea', where: 'patient home' },
    { who: 'doctor2', ready: '[data-testid=call-next]', where: 'doctor desk' },
    { who: 'staff', ready: '[data-testid=staff-section]', where: 'reception desk' },
  ])('$where', async ({ who, ready, where }) => {
    const page = await open(look);
    await page.goto(stack.url);
    await byPassword(page);
    await page.locator('input[type=email]').fill(`${who}@demo.nadi`);
    await page.locator('input[type=password]').fill('nadi-demo');
    await page.keyboard.press('Enter');
    await page.locator(ready).first().waitFor();
    await expectAccessible(page, where, { language: look.language });
    await page.context().close();
  });
});

describe.each(looks.slice(1, 3))('[I1] more of the desks: $view, $language, $scheme', (look) => {
  test('reception: triage, sending on, check-in by code, the check-in screen, boards', async () => {
    const page = await open(look);
    await page.goto(stack.url);
    await byPassword(page);
    await page.locator('input[type=email]').fill('staff@demo.nadi');
    await page.locator('input[type=password]').fill('nadi-demo');
    await page.keyboard.press('Enter');
    const row = page.locator('[data-testid=queue-row][data-state=waiting]').first().locator('[data-row-id]');
    for (const [key, ready] of [
      ['v', '[data-testid=triage-save]'],
      ['t', '[data-testid=transfer-confirm]'],
      ['i', '[data-testid=scan-code]'],
    ] as const) {
      await row.focus();
      await page.keyboard.press(key);
      await page.locator(ready).waitFor();
      await expectAccessible(page, `reception, ${key}`, { language: look.language });
      await page.keyboard.press('Escape');
      await page.locator('[role=dialog]').waitFor({ state: 'detached' });
    }
    for (const [path, ready] of [
      ['check-in', '[data-testid=qr]'],
      ['boards', '[data-testid=board-create]'],
    ] as const) {
      await page.goto(`${stack.url}/staff/${path}`);
      await page.locator(ready).first().waitFor();
      await expectAccessible(page, path, { language: look.language });
    }
    await page.context().close();
  });

  test('doctor: a break and its banner, promised waits', async () => {
    const page = await open(look);
    await page.goto(stack.url);
    await byPassword(page);
    await page.locator('input[type=email]').fill('doctor2@demo.nadi');
    await page.locator('input[type=password]').fill('nadi-demo');
    await page.keyboard.press('Enter');
    await page.getByTestId('call-next').waitFor();
    await page.keyboard.press('b');
    await page.getByTestId('break-start').waitFor();
    await expectAccessible(page, 'taking a break', { language: look.language });
    await page.getByTestId('break-start').click();
    await page.getByTestId('back-now').waitFor();
    await expectAccessible(page, 'on a break', { language: look.language });
    await page.getByTestId('back-now').click();
    await page.getByTestId('back-now').waitFor({ state: 'detached' });
    await page.goto(`${stack.url}/staff/waits`);
    await page.locator('h1').waitFor();
    await expectAccessible(page, 'promised waits', { language: look.language });
    await page.context().close();
  });
});

describe('[I1 D2] the call', () => {
  test('a place, being called, and the call itself', async () => {
    const { page } = await openPage(browser, { ...phone, reducedMotion: 'reduce' });
    await signIn(page, stack.url, 'patient');
    await page.getByText('Dr. Imran Qureshi').click();
    await page.getByLabel('What is it about?').fill('Rash');
    await page.getByRole('button', { name: 'Join the queue' }).click();
    await page.getByTestId('place-card').waitFor();
    await expectAccessible(page, 'a place', { language: 'en' });
    const doctor = await stack.hub.as('doctor2');
    const { sessions } = await doctor.call('queue.sessions', {});
    const sessionId = sessions[0]?.id ?? '';
    let seen: string | null = null;
    for (const last of [false, true]) {
      const called: { entryId: string } = await doctor.call('queue.callNext', { sessionId, seen });
      seen = called.entryId;
      if (!last) await doctor.call('queue.skip', { sessionId, entryId: seen });
    }
    await page.getByTestId('answer-call').waitFor();
    await expectAccessible(page, 'being called', { language: 'en' });
    await page.getByTestId('answer-call').click();
    await page.getByTestId('toggle-mic').waitFor();
    await page.getByTestId('toggle-chat').click();
    await page.getByLabel('Write a message').waitFor();
    await expectAccessible(page, 'the call', { language: 'en' });
  });
});

describe('[I1 C4 C5 C7] pages around a place', () => {
  test.each(looks)('board, place link, waiting room, check-in: $view, $language, $scheme', async (look) => {
    const doctor = await stack.hub.as('doctor');
    const [desk] = (await doctor.call('queue.sessions', {})).sessions;
    if (!desk) throw new Error('no open desk');
    const patient = await stack.hub.as('patient2');
    const taken = await patient.call('queue.history', {});
    const patientId = patient.signedIn.account.patients[0]?.id ?? '';
    const mine = taken.places.find((place) => place.state === 'waiting');
    const join = { sessionId: desk.id, patientId, mode: 'video' as const, reason: 'Rash' };
    const { entryId } = mine ?? (await patient.call('queue.join', join));
    const link = await doctor.call('queue.placeLink', { sessionId: desk.id, entryId });
    const { boardId } = await doctor.call('board.create', { clinicId: desk.clinicId, doctorId: null, name: 'Hall' });
    const { url: checkIn } = await doctor.call('queue.checkInCode', { clinicId: desk.clinicId });
    const page = await open(look);

    await page.goto(`${stack.url}/board/${boardId}?theme=${look.scheme}`);
    await page.getByTestId('board-desk').first().waitFor();
    await expectAccessible(page, 'board before its start', { language: look.language });
    await page.getByTestId('start-board').click();
    await page.getByTestId('board-sound').waitFor();
    await expectAccessible(page, 'board', { language: look.language });

    await page.goto(new URL(link.url, stack.url).href);
    await page.getByTestId('linked-place').waitFor();
    await expectAccessible(page, 'place link', { language: look.language });

    await page.goto(stack.url);
    await byPassword(page);
    await page.locator('input[type=email]').fill('patient2@demo.nadi');
    await page.locator('input[type=password]').fill('nadi-demo');
    await page.keyboard.press('Enter');
    await page.getByTestId('place-card').waitFor();
    await page.goto(`${stack.url}/waiting-room/${entryId}`);
    await page.getByTestId('camera-preview').waitFor();
    await expectAccessible(page, 'device check', { language: look.language });
    await page.goto(new URL(checkIn, stack.url).href);
    await page.getByTestId('check-in-place').waitFor();
    await expectAccessible(page, 'check-in', { language: look.language });
    await page.context().close();
  });
});
