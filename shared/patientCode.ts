/**
 * The human-readable patient id `ND-7K3M-42QX`: seven random characters and a check character, from an alphabet without
 * look-alikes (no 0 O 1 I L U). The check is Luhn mod N (ISO/IEC 7812-1 generalised): it catches every single wrong
 * character and nearly all swaps of neighbours, which is what happens when a code is read out over the phone.
 */
const alphabet = '23456789ABCDEFGHJKMNPQRSTVWXYZ';
const bodyLength = 7;

function checkCharacter(body: string): string {
  let factor = 2;
  let sum = 0;
  for (let i = body.length - 1; i >= 0; i--) {
    const addend = factor * alphabet.indexOf(body.charAt(i));
    sum += Math.floor(addend / alphabet.length) + (addend % alphabet.length);
    factor = factor === 2 ? 1 : 2;
  }
  return alphabet.charAt((alphabet.length - (sum % alphabet.length)) % alphabet.length);
}

/** A new code. `random(n)` returns an integer in [0, n); pass a cryptographic one. Uniqueness is the database's key. */
export function newPatientCode(random: (n: number) => number): string {
  let body = '';
  for (let i = 0; i < bodyLength; i++) body += alphabet.charAt(random(alphabet.length));
  const all = body + checkCharacter(body);
  return `ND-${all.slice(0, 4)}-${all.slice(4)}`;
}

/** The canonical form of what somebody typed (spaces, case and dashes forgiven), or null when it is no valid code. */
export function parsePatientCode(typed: string): string | null {
  const bare = typed.toUpperCase().replace(/[\s-]/g, '').replace(/^ND/, '');
  if (bare.length !== bodyLength + 1) return null;
  for (const char of bare) if (!alphabet.includes(char)) return null;
  if (checkCharacter(bare.slice(0, bodyLength)) !== bare.charAt(bodyLength)) return null;
  return `ND-${bare.slice(0, 4)}-${bare.slice(4)}`;
}
