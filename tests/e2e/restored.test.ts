import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { attachment } from '../../shared/state/chat.ts';
import { FolderTarget } from '../../server/backup/targets/FolderTarget.ts';
import { takePlace } from '../integration/chat/support.ts';
import { backUp, restoreInto, tempFolder } from '../support/backups.ts';
import { desktop, launchBrowser, openPage, shoot } from '../support/browser.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { testHub, type TestHub } from '../support/hub.ts';
import { until } from '../support/until.ts';
import { signIn } from './people.ts';

const clientDir = process.env['NADI_CLIENT_DIR'] ?? join(import.meta.dirname, '../../dist/client');
let folder: Awaited<ReturnType<typeof tempFolder>>;
let browser: Browser;
let fresh: TestDatabase;
let restored: TestHub | null = null;

beforeAll(async () => {
  if (!existsSync(join(clientDir, 'index.html'))) throw new Error(`the client is not built: ${clientDir}`);
  [browser, folder, fresh] = await Promise.all([launchBrowser(), tempFolder(), testDatabase()]);
});
afterAll(async () => {
  await browser.close();
  await restored?.close();
  await fresh.drop();
  await folder.remove();
});

/** A day at the clinic: a visit is over, people wait, and one of them has written and sent a picture. Then the machine is gone. */
async function dayAndBackup(): Promise<TestHub['env']> {
  const hub = await testHub();
  try {
    const [patient, doctor] = [await hub.as('patient'), await hub.as('doctor')];
    const { sessionId, entryId: threadId } = await takePlace(hub, patient);
    const { entryId } = await doctor.call('queue.callNext', { sessionId, seen: null });
    await doctor.call('queue.start', { sessionId, entryId });
    await doctor.call('queue.finish', { sessionId, entryId });
    const photo = await sharp({ create: { width: 800, height: 500, channels: 3, background: '#487' } })
      .png()
      .toBuffer();
    const uploaded = await fetch(`${hub.url}/api/v1/files`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${patient.signedIn.accessToken}`,
        'content-type': 'image/png',
        'x-file-name': 'rash.png',
      },
      body: new Uint8Array(photo),
    });
    const { data: file } = z.object({ data: attachment }).parse(await uploaded.json());
    await patient.call('chat.send', { threadId, text: 'It looks like this', attachments: [file.id] });
    await doctor.call('chat.send', { threadId, text: 'Put some cream on it' });
    await backUp(hub.database.db, new FolderTarget(folder.path), [hub.env['NADI_KEY'] ?? '']);
    return hub.env;
  } finally {
    await hub.close();
  }
}

test('[H6] a doctor comes back to a restored clinic: today’s list, the conversation, the picture', async () => {
  const env = await dayAndBackup();
  const report = await restoreInto(fresh.db, new FolderTarget(folder.path), [env['NADI_KEY'] ?? '']);
  expect(report.manifest.holes).toBe(0);
  const more = { MONGODB_URI: fresh.uri, MONGODB_DB: fresh.dbName, NADI_CLIENT_DIR: clientDir };
  restored = await testHub(more, { database: fresh, env });

  const { page, problems } = await openPage(browser, { ...desktop, reducedMotion: 'reduce' });
  try {
    await comesBack(page, restored.url.replace('127.0.0.1', 'localhost'));
    expect(problems).toEqual([]);
  } finally {
    await shoot({ doctor: page }, 'restored');
  }
});

async function comesBack(page: Page, url: string): Promise<void> {
  await signIn(page, url, 'doctor');
  const call = page.getByTestId('call-next');
  await call.waitFor();
  for (const name of ['Lakshmi', 'Joseph', 'Asha']) await page.getByText(name).first().waitFor();
  // The queue goes on where it was.
  await call.click();
  await page.getByTestId('start').waitFor();

  await page.getByRole('link', { name: /^Messages/ }).click();
  await page.getByTestId('thread').filter({ hasText: 'Asha Verma' }).click();
  const messages = page.getByTestId('chat-messages');
  for (const text of ['It looks like this', 'Put some cream on it']) await messages.getByText(text).waitFor();
  await page.getByRole('button', { name: 'Open the picture rash.png' }).click();
  await until('the large picture is drawn', () =>
    page
      .getByRole('img', { name: 'rash.png' })
      .evaluate((image) => image instanceof HTMLImageElement && image.naturalWidth === 800),
  );
  await page.keyboard.press('Escape');
  await page.getByLabel('Write a message').fill('Are you better now?');
  await page.keyboard.press('Enter');
  await messages.getByText('Are you better now?').waitFor();
}
