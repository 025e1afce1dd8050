import { operations, type CallOf } from '../../../shared/contract/index.ts';

/** What stands in the fields of the walk-in form, as typed. */
export interface WalkInForm {
  sessionId: string;
  name: string;
  phone: string;
  age: string;
  gender: string;
  reason: string;
  priority: string;
}

/** The fields in the order of the form; the first wrong one gets the focus. */
export const walkInFields = ['name', 'phone', 'age', 'gender', 'reason', 'sessionId'] as const;
export type WalkInField = (typeof walkInFields)[number];

/** An empty form; doctor stays as it was, for the next patient usually wants the same one. */
export function emptyForm(sessionId: string): WalkInForm {
  return { sessionId, name: '', phone: '', age: '', gender: '', reason: '', priority: 'normal' };
}

/** Digits of any script to ASCII: a Hindi keyboard types `३४`. */
function ascii(text: string): string {
  return text.replace(/[\u0966-\u096f]/g, (digit) => String(digit.charCodeAt(0) - 0x0966));
}

export type Checked = { ok: true; input: CallOf<'queue.addWalkIn'> } | { ok: false; wrong: readonly WalkInField[] };

/** What is sent, or which fields are not right yet. The contract's own schema decides. */
export function checkWalkIn(form: WalkInForm): Checked {
  const phone = ascii(form.phone)
    .replace(/[()./]/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  const age = ascii(form.age).trim();
  const parsed = operations['queue.addWalkIn'].input.safeParse({
    sessionId: form.sessionId,
    name: form.name,
    ...(phone === '' ? {} : { phone }),
    age: /^\d{1,3}$/.test(age) ? Number(age) : undefined,
    gender: form.gender,
    reason: form.reason,
    priority: form.priority,
  });
  if (parsed.success) return { ok: true, input: parsed.data };
  const paths = new Set(parsed.error.issues.map((issue) => issue.path[0]));
  return { ok: false, wrong: walkInFields.filter((field) => paths.has(field)) };
}

/** Somebody just added: what is shown large and printed on the slip. */
export interface Added {
  readonly entryId: string;
  readonly sessionId: string;
  readonly token: string;
  readonly name: string;
  readonly code: string;
  readonly doctorName: string;
  readonly clinicName: string;
  readonly at: number;
}
