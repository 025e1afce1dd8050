import type { Page } from 'playwright-core';

/** Signs a demo account in as a person does: address, password, button. */
export async function signIn(page: Page, url: string, who: string): Promise<void> {
  await page.goto(url);
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

/** What the page has received and decoded so far, over all its connections. */
export async function received(page: Page): Promise<Received> {
  return await page.evaluate(async () => {
    const total = { frames: 0, audioPackets: 0, audioEnergy: 0 };
    const made: unknown = Reflect.get(globalThis, 'testConnections');
    for (const connection of Array.isArray(made) ? made : []) {
      if (!(connection instanceof RTCPeerConnection) || connection.connectionState === 'closed') continue;
      const stats = await connection.getStats();
      for (const [, row] of stats) {
        if (row.type !== 'inbound-rtp') continue;
        if (row.kind === 'video') total.frames += row.framesDecoded ?? 0;
        else {
          total.audioPackets += row.packetsReceived ?? 0;
          total.audioEnergy += row.totalAudioEnergy ?? 0;
        }
      }
    }
    return total;
  });
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
