import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { desktop, launchBrowser, openPage, shoot } from '../support/browser.ts';
import { startStack, type Stack } from '../support/stack.ts';
import { until } from '../support/until.ts';
import { signIn } from './people.ts';

let stack: Stack;
let browser: Browser;
let first: Page;
let second: Page;

beforeAll(async () => {
  [stack, browser] = await Promise.all([startStack(), launchBrowser()]);
  [first, second] = [(await openPage(browser, desktop)).page, (await openPage(browser, desktop)).page];
  await Promise.all([countSounds(first), countSounds(second)]);
});
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await shoot({ first, second }, 'alerts');
});
afterAll(async () => {
  await browser.close();
  await stack.close();
});

/**
 * Records when a sound began: the first oscillator of each. From `testStill = true` on the page's own timers stand still, as those of a tab nobody
 * looks at nearly do: a headless browser never hides a page itself.
 */
async function countSounds(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const each = globalThis.setInterval.bind(globalThis);
    Object.assign(globalThis, {
      setInterval: (run: () => void, ms?: number) =>
        each(() => {
          if (Reflect.get(globalThis, 'testStill') !== true) run();
        }, ms),
    });
    const begun: number[] = [];
    Object.assign(globalThis, { testSounds: begun });
    const start = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (when?: number) {
      const now = performance.now();
      if (now - (begun.at(-1) ?? Number.NEGATIVE_INFINITY) > 500) begun.push(now);
      start.call(this, when);
    };
  });
}
const sounds = async (page: Page): Promise<number[]> =>
  z.array(z.number()).parse(await page.evaluate((): unknown => Reflect.get(globalThis, 'testSounds')));

describe('[C6] alerts', () => {
  test('sound, title and list at both desks, again while nobody looks; handled by one is handled for all', async () => {
    await Promise.all([signIn(first, stack.url, 'staff'), signIn(second, stack.url, 'staff')]);
    await Promise.all([first, second].map((page) => page.getByTestId('alert').first().waitFor()));
    // Sounds begin with a touch of the page; one that stood before is heard once at most.
    for (const page of [first, second]) await page.getByTestId('alert-rail').click({ position: { x: 5, y: 5 } });
    const before = (await sounds(first)).length;
    expect(before).toBeLessThanOrEqual(1);

    // Nobody looks at the first desk.
    await first.evaluate(() => Object.assign(globalThis, { testStill: true }));
    const reception = await stack.hub.as('staff');
    const doctor = await stack.hub.as('doctor');
    const desk = (await doctor.call('queue.sessions', {})).sessions[0];
    await reception.call('queue.addWalkIn', {
      sessionId: desk?.id ?? '',
      name: 'Urgent Person',
      age: 70,
      gender: 'male',
      reason: 'Chest pain',
      priority: 'emergency',
    });
    const listed = (page: Page): Promise<number> =>
      page.getByTestId('alert').filter({ hasText: 'Urgent Person' }).count();
    for (const page of [first, second]) await until('the alert at each desk', async () => (await listed(page)) === 1);
    expect(await first.title()).toMatch(/^\(\d+\)/);

    const heard = await until(
      'it to sound again where the page’s timers stand still',
      async () => {
        const all = (await sounds(first)).slice(before);
        return all.length >= 2 ? all : null;
      },
      { timeoutMs: 40_000 },
    );
    expect((heard[1] ?? 0) - (heard[0] ?? 0)).toBeGreaterThan(15_000);

    const alert = second.getByTestId('alert').filter({ hasText: 'Urgent Person' });
    await alert.getByTestId('handle').click();
    for (const page of [first, second]) await until('it to be gone everywhere', async () => (await listed(page)) === 0);
  }, 90_000);
});
