import { describe, expect, test } from 'vitest';
import { decision, doctorStates, requiredFields, type DoctorState } from '../../shared/contract/doctors.ts';
import { after, isListed, mayEdit, missingOf, plainNumber, type Act } from './rules.ts';

const acts: readonly Act[] = ['submit', ...decision.options];

describe('[A2] from application to practice', () => {
  test('what leads where, and nothing else', () => {
    const found = doctorStates.flatMap((state) =>
      acts.flatMap((act) => {
        const to = after(state, act);
        return to ? [`${state} ${act} ${to}`] : [];
      }),
    );
    expect(found.sort()).toEqual(
      [
        'draft submit submitted',
        'needsMore submit submitted',
        'rejected submit submitted',
        'submitted approve verified',
        'submitted askMore needsMore',
        'submitted reject rejected',
        'needsMore reject rejected',
        'verified suspend suspended',
        'suspended unsuspend verified',
      ].sort(),
    );
  });

  test('nobody is verified but through an admin’s look at what was handed in', () => {
    const into = (to: DoctorState): string[] =>
      doctorStates.flatMap((state) => acts.filter((act) => after(state, act) === to).map((act) => `${state} ${act}`));
    expect(into('verified').sort()).toEqual(['submitted approve', 'suspended unsuspend']);
    expect(into('draft')).toEqual([]);
  });

  test('who is listed, and what may be edited', () => {
    expect(doctorStates.filter((state) => isListed({ state }))).toEqual(['verified']);
    expect(isListed({ state: 'verified', away: true })).toBe(false);
    expect(doctorStates.filter(mayEdit)).toEqual(['draft', 'needsMore', 'rejected']);
  });

  test('what is missing is named, field by field', () => {
    expect(missingOf({ specialty: '', registrationNumber: '', languages: [], certificateIds: [] })).toEqual([
      ...requiredFields,
    ]);
    const full = {
      ...{ specialty: 'Skin', qualification: 'MBBS', registrationNumber: '48213', council: 'KA' as const },
      ...{ registrationYear: 2008, experienceYears: 0, feePaise: 0, languages: ['kn' as const], certificateIds: ['f'] },
    };
    expect(missingOf(full)).toEqual([]);
    expect(missingOf({ ...full, certificateIds: [], qualification: '' })).toEqual(['qualification', 'certificate']);
  });

  test('one registration, however it is written', () => {
    expect(plainNumber('KMC 48213')).toBe(plainNumber('kmc-48213'));
    expect(plainNumber('2010/08/1234')).not.toBe(plainNumber('2010/08/1235'));
  });
});
