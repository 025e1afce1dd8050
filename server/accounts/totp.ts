import { createHmac, timingSafeEqual } from 'node:crypto';

/** Time-based one-time codes as every authenticator app makes them: RFC 6238 with SHA-1, 30 s, 6 digits. */
export const stepMs = 30_000;
const digits = 6;
/** Clocks of phones are off, and people type slowly: one step either way. */
const window = 1;
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** The code of a time step (RFC 4226, 5.3). */
export function codeAt(secret: Buffer, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', secret).update(counter).digest();
  const offset = mac.readUInt8(mac.length - 1) & 0x0f;
  const number = mac.readUInt32BE(offset) & 0x7fff_ffff;
  return String(number % 10 ** digits).padStart(digits, '0');
}

export function stepOf(now: number): number {
  return Math.floor(now / stepMs);
}

/**
 * The time step that `code` is of, or null. Steps up to `lastStep` are used up: a code works once, also for who looked over a shoulder.
 */
export function acceptedStep(secret: Buffer, code: string, now: number, lastStep: number): number | null {
  const given = Buffer.from(code);
  const current = stepOf(now);
  let found: number | null = null;
  for (let step = current - window; step <= current + window; step++) {
    const expected = Buffer.from(codeAt(secret, step));
    // Compares all of them, whichever fits.
    if (given.length === expected.length && timingSafeEqual(given, expected) && step > lastStep) found ??= step;
  }
  return found;
}

/** RFC 4648, without padding. */
export function base32(bytes: Buffer): string {
  let bits = 0;
  let value = 0;
  let out = '';
  for (const byte of bytes) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      out += alphabet.charAt((value >>> bits) & 31);
    }
    value &= (1 << bits) - 1;
  }
  return bits > 0 ? out + alphabet.charAt((value << (5 - bits)) & 31) : out;
}

/** What an authenticator app reads from a QR picture. */
export function otpauthUri(secret: Buffer, issuer: string, account: string): string {
  const label = `${encodeURIComponent(issuer)}:${encodeURIComponent(account)}`;
  const query = `secret=${base32(secret)}&issuer=${encodeURIComponent(issuer)}&algorithm=SHA1&digits=6&period=30`;
  return `otpauth://totp/${label}?${query}`;
}
