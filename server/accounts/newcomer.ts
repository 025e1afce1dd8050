import { newPatientCode } from '../../shared/patientCode.ts';
import type { Account, Patient } from '../store/entities.ts';
import type { Repos } from '../store/Repos.ts';
import { derivedId, randomBelow } from '../support/ids.ts';

/**
 * The patient that a new account is for first: its owner. May be repeated. Nobody who is here already is taken for them, same number or
 * not: families share phones, and a wrong guess would show one person's records to another.
 */
export async function addSelf(repos: Repos, account: Account, now: number): Promise<Patient> {
  const patient: Patient = {
    _id: derivedId('patient', account._id),
    code: newPatientCode(randomBelow),
    name: account.name,
    ...{ gender: 'unstated', birthYear: null, phone: account.phone ?? null, createdAt: now },
    guardians: [{ accountId: account._id, relation: 'self' }],
  };
  for (;;) {
    if (await repos.patients.insert(patient)) return patient;
    const found = await repos.patients.get(patient._id);
    if (found) return found;
    patient.code = newPatientCode(randomBelow);
  }
}
