import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { desktop, launchBrowser, openPage, phone, shoot } from '../support/browser.ts';
import { startStack, type Stack } from '../support/stack.ts';
import { until } from '../support/until.ts';
import { signIn } from './people.ts';

let stack: Stack;
let browser: Browser;
let doctor: Page;
let staff: Page;
let patient: Page;
let board: Page;
const problems: string[][] = [];
const rao = 'Dr. Meera Rao';

beforeAll(async () => {
  [stack, browser] = await Promise.all([startStack(), launchBrowser()]);
  const opened = [];
  for (const view of [desktop, desktop, phone, desktop]) opened.push(await openPage(browser, view));
  problems.push(...opened.map((one) => one.problems));
  const [first, second, third, fourth] = opened.map((one) => one.page);
  if (!first || !second || !third || !fourth) throw new Error('no page');
  [doctor, staff, patient, board] = [first, second, third, fourth];
});
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await shoot({ doctor, staff, patient, board }, 'morning');
});
afterAll(async () => {
  await browser.close();
  await stack.close();
});

interface Row {
  readonly token: string;
  readonly state: string;
}
const rowsOf = async (page: Page): Promise<Row[]> =>
  await page.getByTestId('queue-row').evaluateAll((all) =>
    all.map((row) => ({
      token: row.getAttribute('data-token') ?? '',
      state: row.getAttribute('data-state') ?? '',
    })),
  );

/** `called 3; waiting 1 2; skipped 4`: who is where, in the order of the screen; the same words for every screen. */
function told(rows: readonly Row[]): string {
  const states = [...new Set(rows.map(({ state }) => state))];
  return states
    .map(
      (state) =>
        `${state} ${rows.flatMap((row) => (row.state === state ? [Number(row.token.slice(2))] : [])).join(' ')}`,
    )
    .sort()
    .join('; ');
}
/** What the board must show of a desk whose rows are these. */
function boardOf(rows: readonly Row[]): string {
  const now = rows.find(({ state }) => state === 'called' || state === 'in-consultation');
  const next = rows.filter(({ state }) => state === 'waiting').slice(0, 2);
  return [now ? `${now.state} ${now.token}` : 'free', ...next.map(({ token }) => token)].join(' | ');
}
async function onBoard(): Promise<string> {
  const cell = board.getByTestId('board-desk').filter({ hasText: rao });
  const state = (await cell.getAttribute('data-state')) ?? '';
  const now = /A-\d{3}/.exec((await cell.getByTestId('board-now').textContent()) ?? '')?.[0];
  const all = (await cell.textContent())?.match(/A-\d{3}/g) ?? [];
  return [now ? `${state} ${now}` : state, ...all.slice(now ? 1 : 0)].join(' | ');
}
/** The phone of A-004: what it says of its place. */
async function onPhone(): Promise<string> {
  const face = (await patient.getByTestId('place-card').first().getAttribute('data-face')) ?? '';
  const headline = (await patient.getByTestId('place-headline').first().textContent()) ?? '';
  if (face === 'next') return 'waiting 0';
  return face === 'waiting' ? `waiting ${/\d+/.exec(headline)?.[0] ?? '?'}` : face;
}
function phoneOf(rows: readonly Row[]): string {
  const own = rows.find(({ token }) => token === 'A-004');
  if (own?.state !== 'waiting')
    return { called: 'called-here', 'in-consultation': 'meeting-here' }[own?.state ?? ''] ?? own?.state ?? '';
  return `waiting ${rows.filter(({ state }) => state === 'waiting').findIndex(({ token }) => token === 'A-004')}`;
}

/** After a step: the doctor's desk shows what it should, and the other three screens agree with it. */
async function agree(step: string, expected: string): Promise<void> {
  let seen: Record<string, string> = {};
  const wanted = (rows: readonly Row[]): Record<string, string> => ({
    doctor: expected,
    staff: expected,
    board: boardOf(rows),
    phone: phoneOf(rows),
  });
  let rows: Row[] = [];
  await until(`${step}: all four screens to agree`, async () => {
    rows = await rowsOf(doctor);
    seen = { doctor: told(rows), staff: told(await rowsOf(staff)), board: await onBoard(), phone: await onPhone() };
    return JSON.stringify(seen) === JSON.stringify(wanted(rows));
  }).catch(() => expect(seen, step).toEqual(wanted(rows)));
}
const focusRow = async (page: Page, token: string): Promise<void> => {
  await page.locator(`[data-testid=queue-row][data-token=${token}] [data-row-id]`).focus();
};
/** Keys at the doctor's desk, each when the screen shows that the one before was done. */
async function see(token: string): Promise<void> {
  await doctor.keyboard.press('n');
  await doctor.locator(`[data-testid=queue-row][data-token=${token}][data-state=called]`).waitFor();
  await visit(token);
}
async function visit(token: string): Promise<void> {
  await doctor.keyboard.press('s');
  await doctor.locator(`[data-testid=queue-row][data-token=${token}][data-state=in-consultation]`).waitFor();
  await doctor.keyboard.press('f');
  await doctor.getByTestId('current-token').waitFor({ state: 'detached' });
}

describe('[C1 C2 C3 C4 C5 C7 C8] a morning', () => {
  test('twelve patients: skip, urgent, transfer, pause, undo, on four screens at once', async () => {
    const reception = await stack.hub.as('staff');
    const atDesk = await stack.hub.as('doctor');
    const other = await stack.hub.as('doctor2');
    const [desk, children] = [
      (await atDesk.call('queue.sessions', {})).sessions[0],
      (await other.call('queue.sessions', {})).sessions[0],
    ];
    if (!desk || !children) throw new Error('no desks');
    const { boardId } = await reception.call('board.create', { clinicId: desk.clinicId, doctorId: null, name: 'Hall' });
    await Promise.all([
      signIn(doctor, stack.url, 'doctor'),
      signIn(staff, stack.url, 'staff'),
      signIn(patient, stack.url, 'patient2'),
      board.goto(`${stack.url}/board/${boardId}?silent=1`),
    ]);

    // Four are there since the doors opened; one joins by phone, seven walk in.
    await patient.getByText(rao).click();
    await patient.getByText('In person', { exact: true }).click();
    await patient.getByLabel('What is it about?').fill('Back pain');
    await patient.getByRole('button', { name: 'Join the queue' }).click();
    await patient.getByTestId('place-card').waitFor();
    const walkIns = ['Gita Rani', 'Harish Nair', 'Imtiaz Sheikh', 'Jaya Pillai', 'Kiran Desai'];
    for (const [sessionId, names] of [
      [desk.id, walkIns],
      [children.id, ['Leela Das', 'Mohan Lal']],
    ] as const) {
      for (const name of names) {
        await reception.call('queue.addWalkIn', { sessionId, name, age: 40, gender: 'unstated', reason: 'Check-up' });
      }
    }
    await staff.getByTestId('staff-section').first().waitFor();
    await staff.getByLabel('Show the desk of').selectOption(desk.id);
    await staff.getByLabel('Show', { exact: true }).selectOption('all');
    await agree('the doors are open', 'waiting 3 1 2 4 5 6 7 8 9');

    await doctor.keyboard.press('n');
    await agree('the urgent one is called', 'called 3; waiting 1 2 4 5 6 7 8 9');
    await visit('A-003');
    await doctor.getByRole('button', { name: /^Done today/ }).click();
    await agree('seen', 'done 3; waiting 1 2 4 5 6 7 8 9');

    await doctor.keyboard.press('n');
    await agree('the next one is called', 'called 1; done 3; waiting 2 4 5 6 7 8 9');
    await doctor.keyboard.press('k');
    await agree('nobody came', 'done 3; skipped 1; waiting 2 4 5 6 7 8 9');
    await doctor.getByTestId('undo').waitFor();
    await doctor.keyboard.press('z');
    await agree('that was too quick: undone', 'called 1; done 3; waiting 2 4 5 6 7 8 9');
    await doctor.keyboard.press('k');
    await agree('skipped all the same', 'done 3; skipped 1; waiting 2 4 5 6 7 8 9');

    await focusRow(staff, 'A-007');
    await staff.keyboard.press('u');
    await agree('reception makes one urgent', 'done 3; skipped 1; waiting 7 2 4 5 6 8 9');

    await doctor.getByTestId('desk-menu').click();
    await doctor.getByRole('menuitem', { name: '15 min' }).click();
    await doctor.getByTestId('back-now').waitFor();
    await board
      .getByTestId('board-desk')
      .filter({ hasText: rao })
      .getByText(/Goes on at/)
      .waitFor();
    await patient.getByTestId('place-detail').getByText(/break/i).waitFor();
    await staff.getByTestId('doctor-state').getByText('On a break').waitFor();
    await doctor.keyboard.press('n');
    await agree('nobody is called in a break', 'done 3; skipped 1; waiting 7 2 4 5 6 8 9');
    await doctor.keyboard.press('b');
    await doctor.getByTestId('back-now').waitFor({ state: 'detached' });
    await see('A-007');
    await agree('the urgent one is seen', 'done 7 3; skipped 1; waiting 2 4 5 6 8 9');

    await focusRow(staff, 'A-008');
    await staff.keyboard.press('t');
    await staff.getByTestId('transfer-confirm').click();
    await agree('one goes to the other doctor', 'done 7 3; skipped 1; transferred 8; waiting 2 4 5 6 9');
    await staff.getByLabel('Show the desk of').selectOption(children.id);
    const sent = staff.getByTestId('queue-row').filter({ hasText: `Sent by ${rao}` });
    await sent.filter({ hasText: 'Jaya Pillai' }).waitFor();
    await staff.getByLabel('Show the desk of').selectOption(desk.id);

    await focusRow(doctor, 'A-005');
    await doctor.keyboard.press('h');
    await agree('one is sent for a test', 'done 7 3; on-hold 5; skipped 1; transferred 8; waiting 2 4 6 9');
    await see('A-002');
    await focusRow(doctor, 'A-001');
    await doctor.keyboard.press('r');
    await agree('the skipped one is back', 'called 1; done 2 7 3; on-hold 5; transferred 8; waiting 4 6 9');
    await visit('A-001');
    await focusRow(doctor, 'A-009');
    await doctor.keyboard.press('Alt+ArrowUp');
    await agree('one is moved up', 'done 1 2 7 3; on-hold 5; transferred 8; waiting 4 9 6');

    await doctor.keyboard.press('n');
    await patient.getByTestId('answer-call').click();
    await agree('the phone rings', 'called 4; done 1 2 7 3; on-hold 5; transferred 8; waiting 9 6');
    await visit('A-004');
    await agree('and the visit is over', 'done 4 1 2 7 3; on-hold 5; transferred 8; waiting 9 6');
    await focusRow(doctor, 'A-005');
    await doctor.keyboard.press('h');
    await agree('back from the test, at the place kept', 'done 4 1 2 7 3; transferred 8; waiting 5 9 6');
    for (const token of ['A-005', 'A-009', 'A-006']) await see(token);
    await agree('the morning is over', 'done 6 9 5 4 1 2 7 3; transferred 8');

    // What is left of it.
    await patient.reload();
    await patient.getByTestId('place-history').getByText('A-004').waitFor();
    const visits = await until('every visit to be recorded', async () => {
      const found = await stack.hub.database.db.collection('encounters').find({ status: 'completed' }).toArray();
      return found.length === 8 ? found : null;
    });
    expect(visits.every((one) => Number(one['endedAt']) >= Number(one['startedAt']))).toBe(true);
    expect(problems.flat()).toEqual([]);
  }, 90_000);
});
