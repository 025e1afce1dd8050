import { duration } from '../i18n/format.ts';
import { t } from '../i18n/index.svelte.ts';
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
  return [age, row.gender && t(`desk.person.sexShort.${row.gender}`)].filter((part) => part !== null).join(' ');
}

/** `12 min`, `1 h 20 min`, `just now`. */
export function waited(row: DeskRow, now: number): string {
  const minutes = minutesWaited(row.entry, now);
  return minutes < 1 ? t('time.justNow') : duration(minutes * 60_000);
}
