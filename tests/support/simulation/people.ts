import { permissionSets } from '../../../shared/permissions.ts';
import type { Account, DeskSessionDoc, Doctor, Patient } from '../../../server/store/entities.ts';
import type { MemoryDb } from './MemoryDb.ts';

/** Two desks at one clinic, and a clinic beside it: those who work, those who wait, and who may hear what. */
const uuid = (kind: number, n: number): string =>
  `00000000-0000-4000-8${String(kind).padStart(3, '0')}-${String(n).padStart(12, '0')}`;

const clinics = [uuid(1, 1), uuid(1, 2)] as const;
const accountOf = (n: number, roles: Account['roles'], clinicIds: string[] = []): Account => ({
  _id: uuid(2, n),
  email: `account${n}@example.org`,
  passwordHash: '',
  name: `Account ${n}`,
  roles,
  permissionSets: roles.includes('staff') ? [...permissionSets] : [],
  clinicIds,
  createdAt: 0,
  accessChangedAt: 0,
});

export const doctors = [0, 1].map((n) => {
  const account = accountOf(10 + n, ['doctor']);
  const profile: Doctor = {
    _id: uuid(3, n),
    accountId: account._id,
    name: `Dr ${n}`,
    specialty: 'General medicine',
    registrationNumber: `R${n}`,
    ...{ state: 'verified', version: 0, languages: [], certificateIds: [], history: [] },
    clinicIds: [clinics[0]],
  };
  return { account, profile, sessionId: uuid(4, n) };
});
export const sessions = doctors.map((doctor) => doctor.sessionId);
export const staff = accountOf(20, ['staff'], [clinics[0]]);
/** Works at the other clinic: must never hear anything of this one. */
export const outsider = accountOf(21, ['staff'], [clinics[1]]);

export const patients = [0, 1, 2].map((n) => {
  const account = accountOf(30 + n, ['patient']);
  // The first account acts for two.
  const own: Patient[] = (n === 0 ? [0, 1] : [0]).map((child) => ({
    _id: uuid(5, 10 * n + child),
    code: `ND-${n}${child}`,
    name: `Patient ${n}.${child}`,
    gender: 'unstated',
    birthYear: 1990,
    phone: null,
    guardians: [{ accountId: account._id, relation: 'self' }],
    createdAt: 0,
  }));
  return { account, patients: own };
});

export function settle(db: MemoryDb, now: number): void {
  const put = (name: string, docs: readonly { _id: string }[]): void => {
    for (const doc of docs) db.table(name).set(doc._id, { ...doc });
  };
  put('accounts', [...doctors, ...patients].map((one) => one.account).concat(staff, outsider));
  put(
    'clinics',
    clinics.map((_id) => ({ _id, name: 'Clinic', address: '', zone: 'Asia/Kolkata' })),
  );
  put(
    'doctors',
    doctors.map((doctor) => doctor.profile),
  );
  put(
    'patients',
    patients.flatMap((one) => one.patients),
  );
  put(
    'deskSessions',
    doctors.map(({ sessionId, profile }): DeskSessionDoc => ({
      _id: sessionId,
      doctorId: profile._id,
      clinicId: clinics[0],
      label: 'Morning',
      startsAt: now,
      status: 'open',
      slotMinutes: 10,
    })),
  );
}

/** Whether this account may hear this channel; worked out from who the people are, not by asking the code under test. */
export function mayHear(account: Account, channel: string, key: string, db: MemoryDb): boolean {
  const doctor = doctors.find((one) => one.account._id === account._id);
  const acts = (entryId: string): boolean => {
    const patientId = db.table('places').get(entryId)?.['patientId'];
    return patients.some((one) => one.account._id === account._id && one.patients.some((own) => own._id === patientId));
  };
  switch (channel) {
    case 'queue':
      return account._id === staff._id || doctor?.sessionId === key;
    case 'place':
      return acts(key);
    case 'myPlaces':
      return key === account._id;
    default:
      return false;
  }
}
