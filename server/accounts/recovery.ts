import { createHmac, timingSafeEqual } from 'node:crypto';

export const recoveryCodeCount = 10;
const characters = 10;
/** Without what is mistaken for each other: 0 O, 1 I L, U V. */
const alphabet = '23456789ABCDEFGHJKMNPQRSTVWXYZ';

/** Ten characters in two groups, some 49 bits: not to be guessed, short enough to type. */
export function newRecoveryCode(randomBelow: (n: number) => number): string {
  const drawn = Array.from({ length: characters }, () => alphabet.charAt(randomBelow(alphabet.length))).join('');
  return `${drawn.slice(0, characters / 2)}-${drawn.slice(characters / 2)}`;
}

/** What people type: any case, with or without dash and spaces. */
export function plainCode(written: string): string {
  return written.replace(/[\s-]/g, '').toUpperCase();
}

/** Keyed with the sealed secret of the factor: whoever has the database alone cannot even try. */
export function recoveryHash(secret: Buffer, code: string): string {
  return createHmac('sha256', secret)
    .update(`recovery ${plainCode(code)}`)
    .digest('base64url');
}

/** The place of the code among the unused ones, or -1. */
export function findRecovery(secret: Buffer, code: string, hashes: readonly string[]): number {
  const given = Buffer.from(recoveryHash(secret, code));
  let found = -1;
  for (const [i, hash] of hashes.entries()) {
    const known = Buffer.from(hash);
    if (known.length === given.length && timingSafeEqual(known, given)) found = i;
  }
  return found;
}
