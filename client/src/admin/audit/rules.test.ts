import { describe, expect, test } from 'vitest';
import type { AuditView } from '../../../../shared/contract/audit.ts';
import { csvOf, dayEnd, dayStart, rowsOf } from './rules.ts';

const record = (id: string, phase: string, traceId: string, more: Partial<AuditView> = {}): AuditView => ({
  ...{ id, at: 0, operation: 'queue.start', phase, outcome: phase === 'outcome' ? 'OK' : null, traceId },
  actor: { id: 'a', name: 'Asha', role: 'doctor', signInId: null },
  ...{ patient: null, resource: null },
  ...more,
});

describe('rows of the audit log', () => {
  test('an intent goes into its outcome; one without is unfinished', () => {
    const rows = rowsOf([
      record('4', 'outcome', 't2'),
      record('3', 'intent', 't3'),
      record('2', 'intent', 't2'),
      record('1', 'subscribed', 't1'),
    ]);
    expect(rows.map(({ id, unfinished }) => [id, unfinished])).toEqual([
      ['4', false],
      ['3', true],
      ['1', false],
    ]);
  });

  test('what a spreadsheet would run is text, and nothing breaks out of its cell', () => {
    const name = '=HYPERLINK("http://x"),\r\n+1';
    const [, line] = csvOf(
      rowsOf([record('1', 'outcome', 't', { actor: { id: '@a', name, role: '-1', signInId: null } })]),
    ).split(/\r\n(?=\d)/);
    expect(line).toContain(`,'@a,"'=HYPERLINK(""http://x""),\r\n+1",'-1,`);
  });

  test('a day is the whole day', () => {
    expect((dayEnd('2026-11-21') ?? 0) - (dayStart('2026-11-21') ?? 0)).toBe(24 * 3600_000 - 1);
    expect(dayStart('')).toBeUndefined();
  });
});
