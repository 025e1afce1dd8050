import type { Page } from 'playwright-core';
import { z } from 'zod';

/** Chooses the password on the sign-in page, in any language: a phone offers the number first. */
export async function byPassword(page: Page): Promise<void> {
  await page.locator('label', { has: page.locator('input[type=radio][value=password]') }).click();
}

/** Signs a demo account in as a person does: address, password, button. */
export async function signIn(page: Page, url: string, who: string): Promise<void> {
  await page.goto(url);
  await byPassword(page);
  await page.getByLabel('Email').fill(`${who}@demo.nadi`);
  await page.getByLabel('Password', { exact: true }).fill('nadi-demo');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

/** Records every peer connection of the page, so that a test can ask what really arrived. */
export async function watchMedia(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const made: RTCPeerConnection[] = [];
    Object.assign(globalThis, { testConnections: made });
    const Original = globalThis.RTCPeerConnection;
    globalThis.RTCPeerConnection = class extends Original {
      constructor(configuration?: RTCConfiguration) {
        super(configuration);
        made.push(this);
      }
    };
  });
}

export interface Received {
  readonly frames: number;
  readonly audioPackets: number;
  readonly audioEnergy: number;
}

const inbound = z.object({
  type: z.literal('inbound-rtp'),
  kind: z.enum(['audio', 'video']),
  framesDecoded: z.number().default(0),
  packetsReceived: z.number().default(0),
  totalAudioEnergy: z.number().default(0),
});

/** What the page has received and decoded so far, over all its connections. */
export async function received(page: Page): Promise<Received> {
  const reports = await page.evaluate(async () => {
    const found: unknown[] = [];
    const made: unknown = Reflect.get(globalThis, 'testConnections');
    for (const connection of Array.isArray(made) ? made : []) {
      if (!(connection instanceof RTCPeerConnection) || connection.connectionState === 'closed') continue;
      (await connection.getStats()).forEach((report: unknown) => found.push(report));
    }
    return found;
  });
  const total = { frames: 0, audioPackets: 0, audioEnergy: 0 };
  for (const report of reports) {
    const row = inbound.safeParse(report);
    if (!row.success) continue;
    if (row.data.kind === 'video') total.frames += row.data.framesDecoded;
    else {
      total.audioPackets += row.data.packetsReceived;
      total.audioEnergy += row.data.totalAudioEnergy;
    }
  }
  return total;
}

/** A fingerprint of what a video element shows now: differs when the picture moves. */
export async function picture(page: Page, testId: string): Promise<string> {
  return await page.getByTestId(testId).evaluate((element) => {
    if (!(element instanceof HTMLVideoElement) || element.videoWidth === 0) return '';
    const canvas = document.createElement('canvas');
    canvas.width = 32;
    canvas.height = 24;
    canvas.getContext('2d')?.drawImage(element, 0, 0, 32, 24);
    return canvas.toDataURL();
  });
}
