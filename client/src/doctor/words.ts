import type { Application, DoctorState } from '../../../shared/contract/doctors.ts';
import { money } from '../i18n/format.ts';
import { t } from '../i18n/index.svelte.ts';
import type { Tone } from '../ui/index.ts';

export const doctorTone: Readonly<Record<DoctorState, Tone>> = {
  draft: 'neutral',
  submitted: 'waiting',
  needsMore: 'called',
  rejected: 'danger',
  verified: 'done',
  suspended: 'danger',
};

/** A language's own name for the reader, from its code. */
export function languageName(code: string, reader: string): string {
  return new Intl.DisplayNames([reader], { type: 'language' }).of(code) ?? code;
}

/** What is filled in, as lines of a sheet. */
export function facts(profile: Application['profile'], reader = 'en'): { label: string; value: string }[] {
  const { registrationNumber, council, registrationYear, experienceYears, feePaise, languages } = profile;
  const registration = [
    registrationNumber,
    council === null ? null : t(`doctor.council.${council}`),
    registrationYear === null ? null : String(registrationYear),
  ].filter((one) => one !== null);
  const lines: [label: string, value: string | null][] = [
    [t('doctor.field.specialty'), profile.specialty],
    [t('doctor.field.qualification'), profile.qualification],
    [t('doctor.field.registrationNumber'), registration.length > 0 ? registration.join(' · ') : null],
    [
      t('doctor.field.experienceYears'),
      experienceYears === null ? null : t('doctor.years', { count: experienceYears }),
    ],
    [t('doctor.field.feePaise'), feePaise === null ? null : money(feePaise)],
    [t('doctor.field.languages'), languages.map((code) => languageName(code, reader)).join(', ') || null],
    [t('doctor.field.education'), profile.education],
    [t('doctor.field.affiliation'), profile.affiliation],
    [t('doctor.field.bio'), profile.bio],
  ];
  return lines.map(([label, value]) => ({ label, value: value ?? '–' }));
}
