import { fireEvent, render, screen, within } from '@testing-library/svelte';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { shortcuts } from '../ui/index.ts';
import { called, directoryOf, finished, joined, queueOf, skipped, start, started } from './deskFixtures.ts';
import { allRows, deskView, type DeskRow } from './deskModel.ts';
import QueueColumn from './QueueColumn.svelte';

// Svelte's flip and fade ask for the Web Animations API, which this DOM lacks.
beforeEach(() => {
  Element.prototype.animate ??= () =>
    ({ cancel() {}, finished: Promise.resolve(), onfinish: null }) as unknown as Animation;
});

const names = { 1: 'Asha Verma', 2: 'Ravi Kumar', 3: 'Meena Sharma', 4: 'Farhan Ali', 5: 'Lakshmi Iyer' };
const busyMorning = queueOf(
  joined(1),
  joined(2, { mode: 'in-person' }),
  joined(3, { priority: 'urgent' }),
  joined(4),
  joined(5),
  called(3),
  started(3),
  finished(3),
  called(1),
  skipped(1),
  called(2),
);

function show(queue = busyMorning) {
  const view = deskView(queue, directoryOf(names));
  const desk = { view, loaded: true, shown: view.current, rows: new Map(allRows(view).map((row) => [row.id, row])) };
  const onselect = vi.fn<(row: DeskRow) => void>();
  const onsearch = vi.fn();
  render(QueueColumn, { desk: desk, onselect, onsearch });
  return { onselect, onsearch };
}
const tokens = () => screen.getAllByTestId('queue-row').map((row) => row.dataset['token']);
const rowButton = (token: string) =>
  within(screen.getAllByTestId('queue-row').find((row) => row.dataset['token'] === token)!).getByRole('button');

describe('[C1] the queue column', () => {
  test('at the desk, then waiting in order, then skipped; done ones on demand', async () => {
    show();
    expect(tokens()).toEqual(['A-002', 'A-004', 'A-005', 'A-001']);
    expect(screen.getByTestId('waiting-count').textContent).toContain('2 waiting');
    await fireEvent.click(screen.getByRole('button', { name: /^Done/ }));
    expect(tokens()).toEqual(['A-002', 'A-004', 'A-005', 'A-001', 'A-003']);
  });

  test('[I1] one stop for Tab; arrows, Home and End move the focus and stop at the ends; Enter selects', async () => {
    const { onselect } = show();
    const stops = () =>
      screen.getAllByTestId('queue-row').filter((row) => within(row).getByRole('button').tabIndex === 0);
    expect(stops().map((row) => row.dataset['token'])).toEqual(['A-002']);
    rowButton('A-002').focus();
    const focused = () => document.activeElement?.closest('li')?.dataset['token'];
    for (const [key, token] of [
      ['ArrowUp', 'A-002'],
      ['ArrowDown', 'A-004'],
      ['End', 'A-001'],
      ['ArrowDown', 'A-001'],
      ['Home', 'A-002'],
      ['ArrowDown', 'A-004'],
    ] as const) {
      await fireEvent.keyDown(document.activeElement!, { key });
      expect(focused()).toBe(token);
    }
    expect(stops().map((row) => row.dataset['token'])).toEqual(['A-004']);
    await fireEvent.click(document.activeElement!);
    expect(onselect.mock.calls[0]?.[0].token).toBe('A-004');
  });

  test('/ goes to the search box, which finds done ones too; Enter selects the first, Escape shows all again', async () => {
    const { onselect, onsearch } = show();
    shortcuts.press(
      { key: '/', code: 'Slash', ctrlKey: false, metaKey: false, altKey: false, repeat: false, isComposing: false },
      document.body,
    );
    expect(onsearch).toHaveBeenCalledOnce();
    const box = screen.getByRole('searchbox');
    await vi.waitFor(() => expect(document.activeElement).toBe(box));
    await fireEvent.input(box, { target: { value: 'meena' } });
    expect(tokens()).toEqual(['A-003']);
    await fireEvent.keyDown(box, { key: 'Enter' });
    expect(onselect.mock.calls[0]?.[0].token).toBe('A-003');
    await fireEvent.input(box, { target: { value: 'nobody here' } });
    expect(screen.queryAllByTestId('queue-row')).toEqual([]);
    expect(screen.getByText(/nobody here/)).toBeTruthy();
    await fireEvent.keyDown(box, { key: 'Escape' });
    expect(tokens()).toContain('A-004');
  });

  test('an empty queue says what will happen', () => {
    show(queueOf());
    expect(screen.getByText('Nobody is waiting')).toBeTruthy();
  });

  test('waiting times count from joining', () => {
    vi.setSystemTime(start + 13 * 60_000);
    show();
    expect(rowButton('A-004').textContent).toContain('10 min');
    vi.useRealTimers();
  });
});
