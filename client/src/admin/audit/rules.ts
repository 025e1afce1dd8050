import type { AuditView } from '../../../../shared/contract/audit.ts';

export interface AuditRow extends AuditView {
  /** It was begun, and nothing says how it ended. */
  readonly unfinished: boolean;
}

/**
 * One row per thing done: an intent goes into its outcome, which is newer and so stands before it. One that stays alone
 * was never finished.
 */
export function rowsOf(records: readonly AuditView[]): AuditRow[] {
  const finished = new Set<string>();
  const rows: AuditRow[] = [];
  for (const one of records) {
    const key = `${one.traceId} ${one.operation}`;
    if (one.phase === 'outcome') finished.add(key);
    if (one.phase !== 'intent') rows.push({ ...one, unfinished: false });
    else if (!finished.has(key)) rows.push({ ...one, unfinished: true });
  }
  return rows;
}

/** A day of a date field as UTC ms in the reader's own zone: its first moment, or its last. */
export function dayStart(day: string): number | undefined {
  const at = new Date(`${day}T00:00:00`).getTime();
  return Number.isNaN(at) ? undefined : at;
}
export function dayEnd(day: string): number | undefined {
  const at = new Date(`${day}T23:59:59.999`).getTime();
  return Number.isNaN(at) ? undefined : at;
}

/** As a spreadsheet takes it: what it would run as a formula is text. */
export function csvOf(rows: readonly AuditRow[]): string {
  const cells = rows.map((one) => [
    ...[new Date(one.at).toISOString(), one.actor.id, one.actor.name ?? '', one.actor.role, one.actor.signInId ?? ''],
    ...[one.operation, one.phase, one.unfinished ? 'unfinished' : (one.outcome ?? '')],
    ...[one.patient?.id ?? '', one.patient?.code ?? '', one.resource?.kind ?? '', one.resource?.id ?? '', one.traceId],
  ]);
  const head =
    'time,actor,name,role,sign-in,operation,phase,outcome,patient,patient code,resource,resource id,trace'.split(',');
  return [head, ...cells].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
