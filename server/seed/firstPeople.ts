import type { Db } from 'mongodb';
import { hashPassword } from '../accounts/password.ts';
import { account, clinic, type Account } from '../store/entities.ts';
import type { Doc } from '../store/mongo.ts';
import { Repo } from '../store/Repo.ts';
import { newId } from '../support/ids.ts';

/** A clinic's beginning. */
export interface FirstPeople {
  readonly clinic: { readonly name: string; readonly address: string; readonly zone: string };
  readonly admin: { readonly name: string; readonly email: string; readonly password: string };
}

/** Thrown where the database holds the demo's people, whose passwords everybody knows. */
export class DemoPeopleError extends Error {
  constructor() {
    super('this database holds demo people, whose passwords everybody knows');
    this.name = 'DemoPeopleError';
  }
}

/** @throws DemoPeopleError when a demo ever ran on this database */
export async function refuseDemoPeople(db: Db): Promise<void> {
  if (await db.collection<Doc>('meta').findOne({ _id: 'demo-seed' })) throw new DemoPeopleError();
}

/** Whether anybody may administer this database's clinic yet. */
export async function hasAdmin(db: Db): Promise<boolean> {
  return (await new Repo(db, 'accounts', account).one({ roles: 'admin' })) !== null;
}

/**
 * The clinic and its first admin, on a migrated database. What is there already stays as it is: safe to repeat, also after
 * it was interrupted.
 *
 * @returns whether the admin was made now; false when there was one
 * @throws DemoPeopleError; Error when the e-mail is somebody's who is no admin
 */
export async function makeFirstPeople(db: Db, wish: FirstPeople, now: number): Promise<boolean> {
  await refuseDemoPeople(db);
  const clinics = new Repo(db, 'clinics', clinic);
  const accounts = new Repo(db, 'accounts', account);
  const known = await clinics.one({});
  const clinicId = known?._id ?? newId();
  if (!known) await clinics.insert({ _id: clinicId, ...wish.clinic });
  if (await hasAdmin(db)) return false;
  const admin: Account = {
    _id: newId(),
    email: wish.admin.email,
    passwordHash: await hashPassword(wish.admin.password),
    name: wish.admin.name,
    roles: ['admin'],
    permissionSets: [],
    clinicIds: [clinicId],
    createdAt: now,
    accessChangedAt: now,
  };
  if (await accounts.insert(admin)) return true;
  throw new Error('an account with this e-mail exists, and it is no admin');
}
