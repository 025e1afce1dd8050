import { hash, verify } from '@node-rs/argon2';
import type { Account } from '../store/entities.ts';

/** Compared against when there is nothing to compare with, so that both failures take the same time. */
const decoy = hash('no account has this password');

export async function hashPassword(password: string): Promise<string> {
  return await hash(password);
}

/** Whether the password opens the account; never one that has none. */
export async function passwordFits(account: Pick<Account, 'passwordHash'> | null, password: string): Promise<boolean> {
  const known = account?.passwordHash ?? '';
  const fits = await verify(known === '' ? await decoy : known, password);
  return fits && known !== '';
}
