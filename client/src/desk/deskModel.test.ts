import { describe, expect, test } from 'vitest';
import { called, directoryOf, finished, idOf, joined, queueOf, skipped, start, started } from './deskFixtures.ts';
import { ageOf, deskView, matches, minutesWaited, moveIndex, toggledPriority } from './deskModel.ts';

const tokens = (rows: readonly { token: string }[]) => rows.map((row) => row.token);

describe('[C1] the desk as it is drawn', () => {
  test('waiting in calling order, the called one apart, the rest by when it happened', () => {
    const queue = queueOf(
      joined(1),
      joined(2),
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
    const view = deskView(queue, directoryOf({ 2: 'Ravi Kumar' }));
    expect(tokens(view.waiting)).toEqual(['A-004', 'A-005']);
    expect(view.current?.token).toBe('A-002');
    expect(view.current?.name).toBe('Ravi Kumar');
    expect(tokens(view.skipped)).toEqual(['A-001']);
    expect(tokens(view.past)).toEqual(['A-003']);
    expect(view.seen).toBe(idOf(2));
  });

  test('urgent ones are counted among the waiting only, emergencies included', () => {
    const view = deskView(
      queueOf(joined(1, { priority: 'urgent' }), joined(2, { priority: 'emergency' }), joined(3), called(2)),
      null,
    );
    expect(view.urgent).toBe(1);
  });

  test('a row without its directory entry has no name, and no invented one', () => {
    const view = deskView(queueOf(joined(1)), null);
    expect(view.waiting[0]).toMatchObject({ token: 'A-001', name: null, birthYear: null });
  });

  test('what was seen stays the entry called last, after its visit is over', () => {
    expect(deskView(queueOf(joined(1), called(1), started(1), finished(1)), null).seen).toBe(idOf(1));
    expect(deskView(queueOf(joined(1)), null).seen).toBeNull();
  });
});

describe('times', () => {
  test('waiting ends when the consultation starts', () => {
    const queue = queueOf(joined(1), joined(2), called(1), started(1));
    expect(minutesWaited(queue.entries[idOf(1)]!, start + 60 * 60_000)).toBe(3);
    expect(minutesWaited(queue.entries[idOf(2)]!, start + 60 * 60_000)).toBe(59);
  });

  test('a clock that runs behind the server shows 0, never a minus', () => {
    expect(minutesWaited(queueOf(joined(1)).entries[idOf(1)]!, start - 120_000)).toBe(0);
  });

  test('age', () => {
    expect(ageOf(1992, start)).toBe(34);
    expect(ageOf(null, start)).toBeNull();
  });
});

describe('searching the list', () => {
  const [row] = deskView(queueOf(joined(1)), directoryOf({ 1: 'Zoë Ångström कविता' })).waiting;

  test.each([
    '',
    '  ',
    'a-001',
    'A001',
    '1',
    'zoe',
    'ang',
    'कविता',
    'कवि',
    '7k3m',
    'fever',
    '98450',
    'zoe 001',
    '9845001234',
  ])('finds by %j', (query) => {
    expect(matches(row!, query)).toBe(true);
  });
  test.each(['zoe 002', 'meena', '55555', 'काव'])('does not find by %j', (query) => {
    expect(matches(row!, query)).toBe(false);
  });
});

describe('keys in the list', () => {
  test('arrows stop at the ends; Home and End go there; other keys are not ours', () => {
    expect(moveIndex(-1, 3, 'ArrowDown')).toBe(0);
    expect(moveIndex(2, 3, 'ArrowDown')).toBe(2);
    expect(moveIndex(0, 3, 'ArrowUp')).toBe(0);
    expect(moveIndex(-1, 3, 'ArrowUp')).toBe(2);
    expect(moveIndex(1, 3, 'Home')).toBe(0);
    expect(moveIndex(1, 3, 'End')).toBe(2);
    expect(moveIndex(1, 3, 'x')).toBeNull();
    expect(moveIndex(0, 0, 'ArrowDown')).toBeNull();
  });

  test('U never lowers an emergency', () => {
    expect(toggledPriority('normal')).toBe('urgent');
    expect(toggledPriority('urgent')).toBe('normal');
    expect(toggledPriority('emergency')).toBeNull();
  });
});
