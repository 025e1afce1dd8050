import { createHash } from 'node:crypto';

/**
 * A key as a person writes it down: 256 bits in base 32 without look-alikes (Crockford: no I L O U), thirteen groups of four characters and a
 * fifth that checks the group, so that a slip of the pen is found where it is.
 */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const groupChars = 4;
const groups = 13;
const keyBytes = 32;

/** Typed text that is no key; says which group. */
export class SheetError extends Error {}

/** The thirteen groups of a key. @param key 32 bytes, base64. */
export function groupsOf(key: string): string[] {
  let rest = BigInt(`0x${Buffer.from(key, 'base64').toString('hex')}`);
  let digits = '';
  for (let i = 0; i < groups * groupChars; i++) {
    digits = alphabet.charAt(Number(rest % 32n)) + digits;
    rest /= 32n;
  }
  return Array.from({ length: groups }, (_, i) => {
    const group = digits.slice(i * groupChars, (i + 1) * groupChars);
    return group + checkOf(group, i);
  });
}

/** The key that somebody typed; case, spaces and dashes do not matter, nor O for 0 and I or L for 1. @throws SheetError */
export function keyOf(typed: string): string {
  const bare = typed.toUpperCase().replace(/[\s-]/g, '').replace(/O/g, '0').replace(/[IL]/g, '1');
  const wanted = groups * (groupChars + 1);
  let value = 0n;
  for (let i = 0; i < groups; i++) {
    const part = bare.slice(i * (groupChars + 1), (i + 1) * (groupChars + 1));
    const group = part.slice(0, groupChars);
    if (part.length <= groupChars) throw new SheetError(`group ${i + 1} is missing or too short`);
    if (checkOf(group, i) !== part.charAt(groupChars)) throw new SheetError(`group ${i + 1} has a mistake`);
    for (const digit of group) value = value * 32n + BigInt(alphabet.indexOf(digit));
  }
  if (bare.length !== wanted) throw new SheetError(`more than ${groups} groups`);
  if (value >= 1n << 256n) throw new SheetError('group 1 has a mistake');
  return Buffer.from(value.toString(16).padStart(keyBytes * 2, '0'), 'hex').toString('base64');
}

/** Depends on the place as well: exchanged groups are noticed. Empty for what has characters of another alphabet. */
function checkOf(group: string, place: number): string {
  if ([...group].some((digit) => !alphabet.includes(digit))) return '';
  return alphabet.charAt((createHash('sha256').update(`${place} ${group}`).digest()[0] ?? 0) % 32);
}
