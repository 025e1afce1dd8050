import type { ThreadKind } from '../../shared/contract/chat.ts';
import type { ThreadSide } from '../../shared/state/chat.ts';
import { hasPermission } from '../../shared/permissions.ts';
import { derivedId } from '../support/ids.ts';
import type { Account, Doctor, PlaceDoc, ThreadDoc } from './entities.ts';
import type { Repos } from './Repos.ts';

/** One who may read and write in a thread, and for whom they speak there. */
export interface Participant {
  readonly accountId: string;
  readonly side: ThreadSide;
  readonly name: string;
}

/** The thread of a place. A visit's has the entry's own id. */
export function threadOfPlace(kind: Exclude<ThreadKind, 'staff'>, place: PlaceDoc): ThreadDoc {
  const { _id: entryId, clinicId, patientId, doctorId } = place;
  const ids = {
    visit: entryId,
    waiting: derivedId('thread', 'waiting', entryId),
    direct: derivedId('thread', 'direct', doctorId, patientId),
  };
  const about = { clinicId, patientId, doctorId, ...(kind === 'direct' ? {} : { entryId }) };
  return { _id: ids[kind], kind, ...about, lastSeq: 0, lastAt: 0 };
}

export function staffThread(clinicId: string): ThreadDoc {
  return { _id: derivedId('thread', 'staff', clinicId), kind: 'staff', clinicId, lastSeq: 0, lastAt: 0 };
}

/** The thread, also that of a visit in which nobody wrote yet (it is stored with its first message). */
export async function findThread(repos: Repos, threadId: string): Promise<ThreadDoc | null> {
  const found = await repos.threads.get(threadId);
  if (found) return found;
  const place = await repos.places.get(threadId);
  return place ? threadOfPlace('visit', place) : null;
}

/** Threads of a clinic that its staff and admins are in as such: with patients who wait, only those who are trusted with that. */
export function deskKinds({ roles, permissionSets }: Account): readonly ('waiting' | 'staff')[] {
  if (roles.includes('admin')) return ['waiting', 'staff'];
  if (!roles.includes('staff')) return [];
  return hasPermission(permissionSets, 'patientChat') ? ['waiting', 'staff'] : ['staff'];
}

/** Everybody who may read the thread now. */
export async function participantsOf(repos: Repos, thread: ThreadDoc): Promise<Participant[]> {
  const { kind, clinicId, patientId, doctorId } = thread;
  const desk = kind === 'waiting' || kind === 'staff';
  const [patient, doctor, doctors, staff] = await Promise.all([
    patientId === undefined ? null : repos.patients.get(patientId),
    doctorId === undefined ? null : repos.doctors.get(doctorId),
    kind === 'staff' ? repos.doctors.many({ clinicIds: clinicId }) : [],
    desk ? repos.accounts.many({ clinicIds: clinicId, roles: { $in: ['staff', 'admin'] } }) : [],
  ]);
  const guardians =
    patient && patient.guardians.length > 0
      ? await repos.accounts.many({ _id: { $in: patient.guardians.map((one) => one.accountId) }, roles: 'patient' })
      : [];
  const found = new Map<string, Participant>();
  const add = (side: ThreadSide, accountId: string, name: string): void => {
    if (!found.has(accountId)) found.set(accountId, { accountId, side, name });
  };
  for (const one of doctor ? [doctor] : doctors) add('doctor', one.accountId, one.name);
  for (const one of staff) if (deskKinds(one).some((desks) => desks === kind)) add('staff', one._id, one.name);
  for (const one of guardians) add('patient', one._id, one.name);
  return [...found.values()];
}

/** The threads of an account, those with the newest messages first. */
export async function threadsOfAccount(
  repos: Repos,
  account: Account,
  doctor: Doctor | null,
  { before, limit }: { before?: number | undefined; limit: number },
): Promise<ThreadDoc[]> {
  const any: Record<string, unknown>[] = [];
  if (account.roles.includes('patient')) {
    const patients = await repos.patients.many({ 'guardians.accountId': account._id });
    if (patients.length > 0) any.push({ patientId: { $in: patients.map((one) => one._id) } });
  }
  if (doctor) {
    any.push({ doctorId: doctor._id });
    any.push({ clinicId: { $in: doctor.clinicIds }, kind: 'staff' });
  }
  const kinds = deskKinds(account);
  if (account.clinicIds.length > 0 && kinds.length > 0) {
    any.push({ clinicId: { $in: account.clinicIds }, kind: { $in: [...kinds] } });
  }
  if (any.length === 0) return [];
  const lastAt = before === undefined ? { $gt: 0 } : { $gt: 0, $lt: before };
  return await repos.threads.many({ $or: any, lastAt }, { sort: { lastAt: -1 }, limit });
}
