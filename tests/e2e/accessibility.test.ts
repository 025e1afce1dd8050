import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { desktop, launchBrowser, openPage, phone } from '../support/browser.ts';
import { startStack, type Stack } from '../support/stack.ts';
import { signIn } from './people.ts';

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
async function expectAccessible(page: Page, where: string, language: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'])
    .analyze();
  const found = violations.map(({ id, nodes }) => `${where}: ${id}: ${nodes.map((node) => node.html).join(' | ')}`);
  expect(found).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.lang)).toBe(language);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(overflow, `${where} sticks out sideways`).toBeLessThanOrEqual(0);
}

describe.each(looks)('[I1] $view, $language, $scheme', (look) => {
  test('sign-in', async () => {
    const page = await open(look);
    await page.goto(stack.url);
    await page.locator('input[type=password]').waitFor();
    await expectAccessible(page, 'sign-in', look.language);
    await page.context().close();
  });

  test.each([
    { who: 'patient2', ready: 'textarea', where: 'patient home' },
    { who: 'doctor2', ready: '[data-testid=call-next]', where: 'doctor desk' },
    { who: 'staff', ready: '[data-testid=staff-section]', where: 'reception desk' },
  ])('$where', async ({ who, ready, where }) => {
    const page = await open(look);
    await page.goto(stack.url);
    await page.locator('input[type=email]').fill(`${who}@demo.nadi`);
    await page.locator('input[type=password]').fill('nadi-demo');
    await page.keyboard.press('Enter');
    await page.locator(ready).first().waitFor();
    await expectAccessible(page, where, look.language);
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
    await expectAccessible(page, 'a place', 'en');
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
    await expectAccessible(page, 'being called', 'en');
    await page.getByTestId('answer-call').click();
    await page.getByTestId('toggle-mic').waitFor();
    await page.getByTestId('toggle-chat').click();
    await page.getByLabel('Write a message').waitFor();
    await expectAccessible(page, 'the call', 'en');
  });
});
