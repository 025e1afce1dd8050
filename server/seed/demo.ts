import type { Db } from 'mongodb';
import { hashPassword } from '../accounts/password.ts';
import type { Places } from '../queue/Places.ts';
import { newPatientCode } from '../../shared/patientCode.ts';
import type { Account, DeskSessionDoc, Doctor, Patient } from '../store/entities.ts';
import { isDuplicateKey, type Doc } from '../store/mongo.ts';
import type { Repos } from '../store/Repos.ts';
import { derivedId, randomBelow } from '../support/ids.ts';
import { demoLogins, demoPassword } from './people.ts';

export interface SeedDeps {
  readonly db: Db;
  readonly repos: Repos;
  readonly places: Places;
  readonly now: () => number;
}

const id = (...parts: string[]): string => derivedId('demo', ...parts);
const clinicId = id('clinic');

const names: Readonly<Record<string, string>> = {
  'doctor@demo.nadi': 'Dr. Meera Rao',
  'doctor2@demo.nadi': 'Dr. Imran Qureshi',
  'patient@demo.nadi': 'Asha Verma',
  'patient2@demo.nadi': 'Ravi Kumar',
  'staff@demo.nadi': 'Sunita Joshi',
  'reception@demo.nadi': 'Divya Menon',
  'nurse@demo.nadi': 'Grace Thomas',
  'admin@demo.nadi': 'Anil Mehta',
};

const doctors = [
  { email: 'doctor@demo.nadi', specialty: 'General medicine', registrationNumber: 'KMC 48213', label: 'Morning OPD' },
  { email: 'doctor2@demo.nadi', specialty: 'Paediatrics', registrationNumber: 'KMC 51907', label: 'Morning OPD' },
];

/** Patients with a login (and one's child) and those already waiting without one. */
const people = [
  {
    key: 'asha',
    name: 'Asha Verma',
    gender: 'female',
    born: 1991,
    phone: '+91 98450 11001',
    email: 'patient@demo.nadi',
    relation: 'self',
  },
  {
    key: 'kabir',
    name: 'Kabir Verma',
    gender: 'male',
    born: 2018,
    phone: null,
    email: 'patient@demo.nadi',
    relation: 'parent',
  },
  {
    key: 'ravi',
    name: 'Ravi Kumar',
    gender: 'male',
    born: 1984,
    phone: '+91 98450 11002',
    email: 'patient2@demo.nadi',
    relation: 'self',
  },
  {
    key: 'lakshmi',
    name: 'Lakshmi Iyer',
    gender: 'female',
    born: 1958,
    phone: '+91 98450 11003',
    email: null,
    relation: null,
  },
  {
    key: 'joseph',
    name: 'Joseph D’Souza',
    gender: 'male',
    born: 1972,
    phone: '+91 98450 11004',
    email: null,
    relation: null,
  },
  { key: 'meena', name: 'Meena Sharma', gender: 'female', born: 1999, phone: null, email: null, relation: null },
  {
    key: 'farhan',
    name: 'Farhan Ali',
    gender: 'male',
    born: 2021,
    phone: '+91 98450 11006',
    email: null,
    relation: null,
  },
] as const;

const waiting = [
  { who: 'lakshmi', doctor: 0, reason: 'Fever and cough for three days', priority: 'normal' },
  { who: 'joseph', doctor: 0, reason: 'Review of blood pressure medicine', priority: 'normal' },
  { who: 'meena', doctor: 0, reason: 'Severe headache since this morning', priority: 'urgent' },
  { who: 'farhan', doctor: 1, reason: 'Rash on both arms', priority: 'normal' },
] as const;

/**
 * A clinic with two doctors and a live queue, once per database. Every step may be repeated: ids derive from fixed names,
 * so a seed that was interrupted is completed by the next start.
 */
export async function seedDemo(deps: SeedDeps): Promise<void> {
  const meta = deps.db.collection<Doc>('meta');
  const now = deps.now();
  const seeded = await meta.findOne({ _id: 'demo-seed' });
  if (seeded) {
    // A demo from before some of its people were thought of: they join it.
    if (seeded['logins'] === demoLogins.length) return;
    await seedAccounts(deps.repos, now);
    await meta.updateOne({ _id: 'demo-seed' }, { $set: { logins: demoLogins.length } });
    return;
  }
  await deps.repos.clinics.insert({
    _id: clinicId,
    name: 'Nadi Demo Clinic',
    address: '12 Residency Road, Bengaluru 560025',
    zone: 'Asia/Kolkata',
  });
  await seedAccounts(deps.repos, now);
  await seedPatients(deps.repos, now);
  const sessions = await seedDoctors(deps.repos, now);
  for (const one of waiting) {
    const session = sessions[one.doctor];
    if (!session) continue;
    const command = { key: `demo:${one.who}`, accountId: id('account', 'staff@demo.nadi'), role: 'staff' };
    const wish = { mode: 'in-person', source: 'walk-in', reason: one.reason, priority: one.priority } as const;
    await deps.places.take(session, id('patient', one.who), command, wish);
  }
  try {
    await meta.insertOne({ _id: 'demo-seed', at: now, logins: demoLogins.length });
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
  }
}

async function seedAccounts(repos: Repos, now: number): Promise<void> {
  const passwordHash = await hashPassword(demoPassword);
  for (const { email, role, permissionSets = [] } of demoLogins) {
    const account: Account = {
      _id: id('account', email),
      email,
      passwordHash,
      name: names[email] ?? email,
      roles: [role],
      permissionSets: [...permissionSets],
      clinicIds: role === 'staff' || role === 'admin' ? [clinicId] : [],
      createdAt: now,
      accessChangedAt: now,
    };
    await repos.accounts.insert(account);
  }
}

async function seedPatients(repos: Repos, now: number): Promise<void> {
  for (const person of people) {
    const patient: Patient = {
      _id: id('patient', person.key),
      code: newPatientCode(randomBelow),
      name: person.name,
      gender: person.gender,
      birthYear: person.born,
      phone: person.phone,
      guardians: person.email === null ? [] : [{ accountId: id('account', person.email), relation: person.relation }],
      createdAt: now,
    };
    while (!(await repos.patients.insert(patient)) && !(await repos.patients.get(patient._id))) {
      patient.code = newPatientCode(randomBelow);
    }
  }
}

async function seedDoctors(repos: Repos, now: number): Promise<DeskSessionDoc[]> {
  const sessions: DeskSessionDoc[] = [];
  for (const { email, specialty, registrationNumber, label } of doctors) {
    const doctor: Doctor = {
      _id: id('doctor', email),
      accountId: id('account', email),
      ...{ state: 'verified', version: 0, languages: ['en', 'hi'], certificateIds: [], history: [] },
      name: names[email] ?? email,
      specialty,
      registrationNumber,
      clinicIds: [clinicId],
    };
    await repos.doctors.insert(doctor);
    const session: DeskSessionDoc = {
      _id: id('session', email),
      doctorId: doctor._id,
      clinicId,
      label,
      startsAt: now,
      status: 'open',
      slotMinutes: 15,
    };
    await repos.deskSessions.insert(session);
    sessions.push(session);
  }
  return sessions;
}
