import type { PauseReason } from '../../../shared/state/queue.ts';
import { duration, time } from '../i18n/format.ts';
import { t } from '../i18n/index.svelte.ts';
import type { Outcome } from './deskLink.ts';
import { ageOf, minutesWaited, type DeskRow } from './deskModel.ts';

/** How the desk's figures are said, in the chosen language. Reactive to it. */

/** `A-017 Ravi Kumar`, or the token alone while the name is on its way. */
export function who(row: DeskRow): string {
  return row.name === null ? row.token : `${row.token} ${row.name}`;
}

/** The name, or the token while the name is on its way. */
export function nameOf(row: DeskRow): string {
  return row.name ?? row.token;
}

/** `34 years, female`; what is not known is left out. */
export function ageSex(row: DeskRow, now: number): string {
  const age = ageOf(row.birthYear, now);
  const parts = [
    age === null ? null : t('desk.person.years', { count: age }),
    row.gender && t(`desk.person.sex.${row.gender}`),
  ];
  return parts.filter((part) => part !== null).join(', ');
}

/** `34 F`: for a dense list. */
export function ageSexShort(row: DeskRow, now: number): string {
  const age = ageOf(row.birthYear, now);
  return [age, row.gender && row.gender !== 'unstated' && t(`desk.person.sexShort.${row.gender}`)]
    .filter((part) => part !== null && part !== false)
    .join(' ');
}

/** `12 min`, `1 h 20 min`, `just now`. */
export function waited(row: DeskRow, now: number): string {
  const minutes = minutesWaited(row.entry, now);
  return minutes < 1 ? t('time.justNow') : duration(minutes * 60_000);
}

/** One sentence about what was just done. */
export function outcomeWords({ action, row, position, to }: Outcome): string {
  if (action === 'requeue' && position !== undefined) return t('desk.did.requeue', { who: who(row), position });
  if (action === 'transfer') return t('desk.did.transfer', { who: who(row), to: to ?? '' });
  if (action === 'priority') return t(`desk.did.priority.${row.entry.priority}`, { who: who(row) });
  if (action === 'skip' && row.entry.state === 'no-show') return t('desk.did.thirdSkip', { who: who(row) });
  return t(`desk.did.${action}`, { who: who(row) });
}

/** What patients read while the desk is on a break. */
export function pauseWords(reason: PauseReason, until: number | null): string {
  const why = t(`desk.pause.patients.${reason}`);
  return until === null ? why : `${why} ${t('desk.pause.patientsUntil', { time: time(until) })}`;
}
