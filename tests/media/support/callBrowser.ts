import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { chromium, type Browser, type Page } from 'playwright-core';
import { writeFilm, writeTone } from './fakeCapture.ts';

/** A person at a browser: what the camera sees and the microphone hears is theirs alone. */
export interface Person extends AsyncDisposable {
  readonly browser: Browser;
  /** Opens the call page in a fresh profile. `mediaPort`: where datagrams go instead of the node's own port. */
  open(options?: PageOptions): Promise<CallPage>;
}

export interface PageOptions {
  mediaPort?: number;
  /** Answers the page's wish for a fresh grant. */
  freshTicket?: () => Promise<{ url: string; grant: string } | null>;
  /** Before anything is loaded. */
  prepare?: (page: Page) => Promise<void>;
}

export interface CallPage {
  readonly page: Page;
  /** How often the page asked for a fresh grant. */
  ticketsAsked(): number;
}

/** Serves the call page on localhost, where a browser gives cameras to. */
export async function serveCallPage(): Promise<{ url: string } & AsyncDisposable> {
  const bundle = await build({
    entryPoints: [join(import.meta.dirname, '../browser/page.ts')],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2023',
    logLevel: 'silent',
  });
  const script = bundle.outputFiles[0]?.text ?? '';
  const server = createServer((request, response) => {
    if (request.url === '/page.js') response.writeHead(200, { 'content-type': 'text/javascript' }).end(script);
    else
      response
        .writeHead(200, { 'content-type': 'text/html' })
        .end('<!doctype html><meta charset="utf-8"><title>call</title><script type="module" src="/page.js"></script>');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://localhost:${port}/`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Where a Chromium may be; CHROMIUM_BIN names another. */
export function chromiumBinary(): string {
  const known = [
    process.env['CHROMIUM_BIN'],
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
  ];
  const found = known.find((path) => path !== undefined && existsSync(path));
  if (found === undefined) throw new Error('no Chromium was found: install it, or name it in CHROMIUM_BIN');
  return found;
}

/** Launches a Chromium whose fake microphone hums `hertz` and whose fake camera shows the tint. */
export async function person(site: string, hertz: number, chroma: { u: number; v: number }): Promise<Person> {
  const folder = await mkdtemp(join(tmpdir(), 'nadi-call-'));
  const tone = join(folder, 'tone.wav');
  const film = join(folder, 'film.y4m');
  await Promise.all([writeTone(tone, hertz), writeFilm(film, chroma)]);
  const browser = await chromium.launch({
    executablePath: chromiumBinary(),
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--use-fake-ui-for-media-stream',
      '--use-fake-device-for-media-stream',
      `--use-file-for-fake-audio-capture=${tone}`,
      `--use-file-for-fake-video-capture=${film}`,
      '--disable-features=WebRtcHideLocalIpsWithMdns',
      '--autoplay-policy=no-user-gesture-required',
    ],
  });
  return {
    browser,
    open: (options) => openPage(browser, site, options),
    [Symbol.asyncDispose]: async () => {
      await browser.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function openPage(browser: Browser, site: string, options: PageOptions = {}): Promise<CallPage> {
  const context = await browser.newContext();
  const page = await context.newPage();
  let asked = 0;
  await page.exposeFunction('freshTicket', async () => {
    asked += 1;
    return options.freshTicket?.() ?? null;
  });
  if (options.mediaPort !== undefined) await page.addInitScript(throughRelay, options.mediaPort);
  await options.prepare?.(page);
  await page.goto(site);
  await page.waitForFunction(() => 'call' in window);
  return { page, ticketsAsked: () => asked };
}

/** Runs in the page: has it send its datagrams to the relay, and leaves it no other way. */
function throughRelay(port: number): void {
  window.RTCPeerConnection = class extends RTCPeerConnection {
    override setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
      const lines = (description.sdp ?? '').split('\r\n');
      const kept = lines.filter((line) => !/^a=candidate:\S+ \d+ tcp /i.test(line));
      const moved = kept.map((line) => line.replace(/^(a=candidate:\S+ \d+ udp \d+ \S+) \d+ /i, `$1 ${port} `));
      return super.setRemoteDescription({ ...description, sdp: moved.join('\r\n') });
    }
  };
}
