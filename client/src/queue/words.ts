import type { DeskPause, DoctorState } from '../../../shared/contract/queueViews.ts';
import { time } from '../i18n/format.ts';
import { t } from '../i18n/index.svelte.ts';
import { pauseKey } from './rules.ts';

/** A moment as the clinic says it; whoever is in another zone is told that it is the clinic's time. */
export function clinicTime(at: number, zone: string): string {
  const there = time(at, zone);
  return there === time(at) ? there : t('time.atClinic', { time: there });
}

interface Desk {
  readonly doctorName: string;
  readonly doctor: DoctorState;
  readonly pause: DeskPause | null;
  readonly zone: string;
}

/** What the doctor does now, in one or two sentences: with a patient, on a break till 11:20, running late. Reactive to the language. */
export function deskWords({ doctorName: doctor, doctor: state, pause, zone }: Desk, now: number): string {
  const said = t(`queue.doctor.${state}`, { doctor });
  if (!pause) return said;
  const when = pause.until === null ? '' : clinicTime(pause.until, zone);
  if (state === 'on-break') return t(`queue.pause.${pauseKey(pause, now)}`, { doctor, time: when });
  const ahead = pause.until !== null && pause.until > now;
  return `${said} ${t(`queue.pauseFollows.${ahead ? 'until' : 'open'}`, { time: when })}`;
}
