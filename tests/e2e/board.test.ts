import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { launchBrowser, openPage, shoot } from '../support/browser.ts';
import { startStack, type Stack } from '../support/stack.ts';
import type { TestClient } from '../support/TestClient.ts';
import { until } from '../support/until.ts';

let stack: Stack;
let browser: Browser;
let doctor: TestClient;
let other: TestClient;
let sessions: { own: string; other: string };
let boardUrl: string;
let tv: Page;
const problems: string[] = [];

const television = { viewport: { width: 1920, height: 1080 } } as const;

/** A machine with an English and a Hindi voice that writes down what it is asked to say, and says it in 60 ms. */
async function recordSpeech(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const said: string[] = [];
    let speaking = false;
    class Utterance {
      text: string;
      onend: (() => void) | null = null;
      constructor(text: string) {
        this.text = text;
      }
    }
    const voices = ['en-IN', 'hi-IN'].map((lang) => ({ lang, localService: true, name: lang }));
    const synth = Object.assign(new EventTarget(), {
      getVoices: () => voices,
      cancel: () => undefined,
      pending: false,
      speak: (utterance: Utterance) => {
        said.push(speaking ? `interrupted: ${utterance.text}` : utterance.text);
        speaking = true;
        setTimeout(() => {
          speaking = false;
          utterance.onend?.();
        }, 60);
      },
    });
    Object.defineProperty(globalThis, 'speechSynthesis', { value: synth });
    Object.assign(globalThis, { SpeechSynthesisUtterance: Utterance, testSaid: said });
  });
}
const said = async (): Promise<string[]> =>
  z.array(z.string()).parse(await tv.evaluate((): unknown => Reflect.get(globalThis, 'testSaid')));

async function openBoard(query = ''): Promise<Page> {
  const opened = await openPage(browser, { ...television, reducedMotion: 'reduce' });
  await recordSpeech(opened.page);
  await opened.page.goto(`${boardUrl}${query}`);
  // A lost socket is what one of the tests is about; Chromium writes it to the console.
  problems.push(...opened.problems);
  return opened.page;
}

/** The board's own order of desks is that of their opening; each is found by its doctor. */
const cell = (name: string) => tv.getByTestId('board-desk').filter({ hasText: name });

async function callNext(client: TestClient, sessionId: string, seen: string | null): Promise<string> {
  const called: { entryId: string } = await client.call('queue.callNext', { sessionId, seen });
  return called.entryId;
}

beforeAll(async () => {
  [stack, browser] = await Promise.all([startStack(), launchBrowser()]);
  [doctor, other] = [await stack.hub.as('doctor'), await stack.hub.as('doctor2')];
  const [mine] = (await doctor.call('queue.sessions', {})).sessions;
  const [theirs] = (await other.call('queue.sessions', {})).sessions;
  if (!mine || !theirs) throw new Error('the demo has no open desks');
  sessions = { own: mine.id, other: theirs.id };
  const { boardId }: { boardId: string } = await doctor.call('board.create', {
    clinicId: mine.clinicId,
    doctorId: null,
    name: 'Hall',
  });
  boardUrl = `${stack.url}/board/${boardId}`;
  tv = await openBoard('?theme=dark');
});
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await shoot({ tv }, 'board');
});
afterAll(async () => {
  await browser.close();
  await stack.close();
});

describe('[C5] the public board', () => {
  test('shows tokens without a sign-in and no name of a patient; says each call in two languages, one at a time', async () => {
    await tv.getByTestId('start-board').click();
    await tv.getByTestId('board-desk').nth(1).waitFor();
    const names = (await stack.hub.database.db.collection('patients').find().toArray()).map((one) =>
      String(one['name']),
    );
    expect(names.length).toBeGreaterThan(3);
    const text = await tv.locator('body').innerText();
    for (const name of names) expect(text).not.toContain(name);

    // Two desks at once (A-003 is urgent, so first): one after the other, never over each other.
    const first = await callNext(doctor, sessions.own, null);
    const second = await callNext(other, sessions.other, null);
    await until('both calls to be said', async () => (await said()).length === 4, { timeoutMs: 20_000 });
    const [english, hindi, ...rest] = await said();
    expect(english).toBe('Token A 3, Doctor Meera Rao, please.');
    expect(hindi).toContain('टोकन ए 3, कृपया डॉक्टर');
    expect(rest[0]).toMatch(/^Token A \d, Doctor Imran Qureshi, please\.$/);
    expect((await cell('Meera Rao').getByTestId('board-now').textContent())?.trim()).toContain('A-003');

    // The same patient called again is announced again; begun or undone is not.
    await doctor.call('queue.recall', { sessionId: sessions.own, entryId: first });
    await until('the repeated call to be said', async () => (await said()).length === 6, { timeoutMs: 20_000 });
    expect((await said())[4]).toBe(english);
    await other.call('queue.start', { sessionId: sessions.other, entryId: second });
    await until(
      'the second to be inside',
      async () => (await cell('Imran Qureshi').getAttribute('data-state')) === 'in-consultation',
    );
    expect(await said()).toHaveLength(6);
  });

  test('keeps the last tokens when the connection is lost, says so, and then says only the call that stands', async () => {
    const before = (await said()).length;
    await tv.context().setOffline(true);
    stack.hub.app.cutSockets();
    await tv.getByTestId('board-lost').waitFor();
    expect(await tv.getByTestId('board-lost').textContent()).toMatch(/No connection since/);
    const opacity = async (): Promise<number> =>
      Number(await tv.getByTestId('board-kept').evaluate((kept) => getComputedStyle(kept).opacity));
    await until('the old tokens to be greyed', async () => (await opacity()) < 0.5);
    expect(await cell('Meera Rao').getByTestId('board-now').textContent()).toContain('A-003');
    // Missed meanwhile: a skip, a call that is skipped too, and one that stands.
    doctor = await stack.hub.as('doctor'); // this one's socket was cut as well
    let current = await currentOf(sessions.own);
    for (let i = 0; i < 2; i++) {
      await doctor.call('queue.skip', { sessionId: sessions.own, entryId: current });
      current = await callNext(doctor, sessions.own, current);
    }
    await tv.context().setOffline(false);
    await until('the board to be live again', async () => (await tv.getByTestId('board-lost').count()) === 0, {
      timeoutMs: 15_000,
    });
    await until('the standing call to be said', async () => (await said()).length === before + 2, {
      timeoutMs: 15_000,
    });
    expect((await said())[before]).toBe('Token A 2, Doctor Meera Rao, please.');
  });

  test('stays as small as it was over 300 calls', async () => {
    // A second board of the same, in the same browser, silent: what is measured is the page, not the voice.
    await tv.context().close();
    tv = await openBoard('?silent=1');
    await tv.getByTestId('board-desk').first().waitFor();
    const cdp = await tv.context().newCDPSession(tv);
    const measure = async (): Promise<{ nodes: number; listeners: number; heap: number }> => {
      await cdp.send('HeapProfiler.collectGarbage');
      const { nodes, jsEventListeners } = await cdp.send('Memory.getDOMCounters');
      const { usedSize } = await cdp.send('Runtime.getHeapUsage');
      return { nodes, listeners: jsEventListeners, heap: usedSize };
    };
    const current = await currentOf(sessions.own);
    const recall = async (times: number): Promise<void> => {
      for (let i = 0; i < times; i++) await doctor.call('queue.recall', { sessionId: sessions.own, entryId: current });
    };
    await recall(50);
    const before = await measure();
    await recall(300);
    const after = await measure();
    expect(after.nodes - before.nodes).toBeLessThan(60);
    expect(after.listeners - before.listeners).toBeLessThan(20);
    expect(after.heap - before.heap).toBeLessThan(1_500_000);
    expect(problems).toEqual([]);
  });

  test('a board that was taken down goes dark', async () => {
    await doctor.call('board.remove', { boardId: boardUrl.split('/').at(-1) ?? '' });
    await tv.getByText('This board is no longer in use').waitFor();
    expect(await tv.getByTestId('board-desk').count()).toBe(0);
  });
});

async function currentOf(sessionId: string): Promise<string> {
  const queue = await doctor.subscribe('queue', sessionId);
  return z.object({ state: z.object({ current: z.string() }) }).parse(queue).state.current;
}
