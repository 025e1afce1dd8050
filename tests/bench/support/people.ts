import { permissionSets } from '../../../shared/permissions.ts';
import { randomInt } from 'node:crypto';
import type { Db } from 'mongodb';
import { z } from 'zod';
import { AuthSessions } from '../../../server/accounts/AuthSessions.ts';
import { unknownDevice } from '../../../server/accounts/device.ts';
import { Tokens } from '../../../server/accounts/Tokens.ts';
import type { Account, Patient } from '../../../server/store/entities.ts';
import { testRepos } from '../../support/repos.ts';
import { newId } from '../../../server/support/ids.ts';
import { reply } from '../../../shared/contract/wire.ts';
import { newPatientCode } from '../../../shared/patientCode.ts';

/** Somebody with a login and a token, as after signing in; a patient has a record of their own. */
export interface Person {
  readonly accountId: string;
  readonly patientId: string;
  readonly token: string;
}

/** Makes people of one role straight in the database: what sign-up and sign-in cost is not measured here. */
export async function makePeople(
  db: Db,
  secret: string,
  role: 'patient' | 'staff',
  count: number,
  clinicIds: readonly string[] = [],
): Promise<Person[]> {
  const repos = testRepos(db);
  const sessions = new AuthSessions(db, Date.now);
  const tokens = new Tokens(secret);
  const one = async (): Promise<Person> => {
    const [accountId, patientId, now] = [newId(), newId(), Date.now()];
    const account: Account = {
      _id: accountId,
      email: `${accountId}@bench.nadi`,
      passwordHash: 'none',
      name: 'Bench',
      roles: [role],
      permissionSets: role === 'staff' ? [...permissionSets] : [],
      clinicIds: [...clinicIds],
      createdAt: now,
      accessChangedAt: 0,
    };
    const patient: Patient = {
      _id: patientId,
      code: newPatientCode((below) => randomInt(below)),
      name: 'Bench Patient',
      gender: 'other',
      birthYear: 1980,
      phone: null,
      guardians: [{ accountId, relation: 'self' }],
      createdAt: now,
    };
    const [session] = await Promise.all([
      sessions.open(accountId, unknownDevice, null),
      repos.accounts.insert(account),
      role === 'patient' ? repos.patients.insert(patient) : true,
    ]);
    const { token } = await tokens.access(accountId, session._id, now);
    return { accountId, patientId, token };
  };
  const people: Person[] = [];
  while (people.length < count) {
    people.push(...(await Promise.all(Array.from({ length: Math.min(50, count - people.length) }, one))));
  }
  return people;
}

const joined = z.object({ entryId: z.string() });

/** A patient joins a queue; the entry. */
export async function takePlace(url: string, sessionId: string, { patientId, token }: Person): Promise<string> {
  const response = await fetch(`${url}/api/v1/queue/join`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ sessionId, patientId, mode: 'video', reason: 'Bench' }),
  });
  const answer = reply.parse(await response.json());
  if (!answer.ok) throw new Error(`not joined: ${answer.error.code}`);
  return joined.parse(answer.data).entryId;
}
