import { existsSync } from 'node:fs';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';

const path = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';

/** A real Chromium with a fake camera and microphone, in a profile of its own. @param options.hears a WAV file instead of beeps. */
export async function launchBrowser(options: { readonly hears?: string } = {}): Promise<Browser> {
  if (!existsSync(path)) throw new Error(`no Chromium at ${path}: install it or set CHROMIUM_PATH`);
  return await chromium.launch({
    executablePath: path,
    // Full headless: the headless shell has no media devices.
    args: [
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--use-fake-ui-for-media-stream',
      '--use-fake-device-for-media-stream',
      ...(options.hears === undefined ? [] : [`--use-file-for-fake-audio-capture=${options.hears}`]),
      '--autoplay-policy=no-user-gesture-required',
      '--disable-features=WebRtcHideLocalIpsWithMdns',
    ],
  });
}

export const phone = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true } as const;
export const desktop = { viewport: { width: 1440, height: 900 } } as const;

/** A page whose errors count: uncaught exceptions and console errors are collected in `problems`. */
export async function openPage(
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<{ page: Page; problems: string[] }> {
  const context = await browser.newContext({ locale: 'en-IN', ...options });
  const page = await context.newPage();
  const problems: string[] = [];
  // What the page's policy stopped counts too, also where Chromium writes nothing about it.
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sourceFile }) => {
      // eslint-disable-next-line no-console -- in the page, from where `problems` hears it
      console.error(`policy: ${violatedDirective} ${blockedURI} ${sourceFile}`);
    });
  });
  page.on('pageerror', (error) => problems.push(`uncaught: ${error.message}`));
  page.on('console', (message) => {
    // Chromium logs every refused request; before anybody signed in the first refresh is refused, rightly.
    if (message.type() === 'error' && !message.text().includes('401')) problems.push(`console: ${message.text()}`);
  });
  return { page, problems };
}

/** Keeps what the pages showed when a test failed: in the folder named by `NADI_E2E_SHOTS`, when it is set. */
export async function shoot(pages: Readonly<Record<string, Page>>, name: string): Promise<void> {
  const folder = process.env['NADI_E2E_SHOTS'];
  if (folder === undefined) return;
  for (const [who, page] of Object.entries(pages)) await page.screenshot({ path: `${folder}/${name}-${who}.png` });
}
