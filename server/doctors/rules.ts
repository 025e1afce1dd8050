import {
  requiredFields,
  type Decision,
  type DoctorProfile,
  type DoctorState,
  type RequiredField,
} from '../../shared/contract/doctors.ts';

export type Act = 'submit' | Decision;

/** Which act leads from where to where; everything else is refused. */
const steps: Readonly<Record<Act, { readonly from: readonly DoctorState[]; readonly to: DoctorState }>> = {
  submit: { from: ['draft', 'needsMore', 'rejected'], to: 'submitted' },
  approve: { from: ['submitted'], to: 'verified' },
  askMore: { from: ['submitted'], to: 'needsMore' },
  reject: { from: ['submitted', 'needsMore'], to: 'rejected' },
  suspend: { from: ['verified'], to: 'suspended' },
  unsuspend: { from: ['suspended'], to: 'verified' },
};

/** The state after an act, or null when it does not fit. */
export function after(state: DoctorState, act: Act): DoctorState | null {
  const { from, to } = steps[act];
  return from.includes(state) ? to : null;
}

/** Not while it is being looked at, and never what was verified: patients rely on it. */
export function mayEdit(state: DoctorState): boolean {
  return after(state, 'submit') !== null;
}

/** Whether patients see them and a desk may be opened for them. */
export function isListed({ state, away }: { readonly state: DoctorState; readonly away?: true | undefined }): boolean {
  return state === 'verified' && away === undefined;
}

/** A profile as it is stored: text that everybody has is empty until it is filled in, the rest may not be there. */
type Filled = {
  readonly specialty: string;
  readonly registrationNumber: string;
  readonly languages: DoctorProfile['languages'];
  readonly certificateIds: readonly string[];
} & {
  readonly [F in 'qualification' | 'council' | 'registrationYear' | 'experienceYears' | 'feePaise']?:
    DoctorProfile[F] | undefined;
};

/** What an application still needs before it can be looked at. */
export function missingOf(doctor: Filled): RequiredField[] {
  const has: Readonly<Record<RequiredField, boolean>> = {
    specialty: doctor.specialty !== '',
    qualification: (doctor.qualification ?? '') !== '',
    registrationNumber: doctor.registrationNumber !== '',
    council: doctor.council != null,
    registrationYear: doctor.registrationYear != null,
    experienceYears: doctor.experienceYears != null,
    feePaise: doctor.feePaise != null,
    languages: doctor.languages.length > 0,
    certificate: doctor.certificateIds.length > 0,
  };
  return requiredFields.filter((field) => !has[field]);
}

/** Registration numbers are one when they differ in spaces, marks or case only. */
export function plainNumber(number: string): string {
  return number.toUpperCase().replace(/[^A-Z0-9]/g, '');
}
