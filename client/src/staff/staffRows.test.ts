import { describe, expect, test } from 'vitest';
import { directoryOf, joined, queueOf } from '../desk/deskFixtures.ts';
import { deskView } from '../desk/deskModel.ts';
import { codeIn } from './scan.ts';
import { nextSort, passes, sorted, type Sort } from './staffRows.ts';

const rows = deskView(
  queueOf(joined(1), joined(2, { priority: 'urgent' }), joined(3)),
  directoryOf({ 1: 'Zoya', 2: 'Meena', 3: 'Asha' }),
).waiting;
const lines = rows.map((row, i) => ({ row, session: { doctorName: i === 0 ? 'Dr B' : 'Dr A' } }));
const by = (sort: Sort) => sorted(lines, sort).map(({ row }) => row.token);

describe('[C4] reception’s table', () => {
  test('as called unless sorted; what is equal stays in that order', () => {
    expect(by({ by: 'order', down: false })).toEqual(['A-002', 'A-001', 'A-003']);
    expect(by({ by: 'name', down: false })).toEqual(['A-003', 'A-002', 'A-001']);
    expect(by({ by: 'token', down: true })).toEqual(['A-003', 'A-002', 'A-001']);
    expect(by({ by: 'doctor', down: false })).toEqual(['A-001', 'A-003', 'A-002']);
    expect(by({ by: 'state', down: true })).toEqual(['A-002', 'A-001', 'A-003']);
  });

  test('a head pressed again turns it round, a third time gives back the order of calling', () => {
    const first = nextSort({ by: 'order', down: false }, 'name');
    expect(first).toEqual({ by: 'name', down: false });
    expect(nextSort(first, 'name')).toEqual({ by: 'name', down: true });
    expect(nextSort({ by: 'name', down: true }, 'name')).toEqual({ by: 'order', down: false });
  });

  test('filters of state', () => {
    expect([passes('skipped', 'active'), passes('transferred', 'active')]).toEqual([true, false]);
    expect([passes('on-hold', 'aside'), passes('waiting', 'aside'), passes('done', 'all')]).toEqual([
      true,
      false,
      true,
    ]);
  });
});

describe('[C5] what a scanner types', () => {
  const code = 'AbCdEfGhIjKlMnOpQrStUvWx_-0123';
  test.each([
    code,
    ` ${code}\n`,
    `https://clinic.example/place/${code}`,
    `https://clinic.example/place/${code}/?x=1#y`,
  ])('%j', (text) => expect(codeIn(text)).toBe(code));
  test.each(['', 'hello', 'https://clinic.example/', `${code}!`, 'x'.repeat(65)])('%j is none', (text) =>
    expect(codeIn(text)).toBeNull(),
  );
});
