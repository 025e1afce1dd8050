import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { AppError } from '../../shared/errors.ts';

/** What a code is for; each has its own key, so that one can never stand for another. */
export type CodePurpose = 'place-link' | 'check-in';

const idBytes = 16;
const expiryBytes = 4;
const macBytes = 12;
const minute = 60_000;

/**
 * Codes that are themselves the permission: an id and an end, signed (96 bits), 43 characters that fit an address or a small
 * QR picture. Nothing is stored; nobody can make one or stretch one without the secret.
 */
export class Keys {
  readonly #secret: string;

  constructor(secret: string) {
    this.#secret = secret;
  }

  /** Good until the end of the minute in which `expiresAt` (UTC ms) lies. */
  sign(purpose: CodePurpose, id: string, expiresAt: number): string {
    const body = Buffer.alloc(idBytes + expiryBytes);
    body.write(id.replaceAll('-', ''), 'hex');
    body.writeUInt32BE(Math.ceil(expiresAt / minute), idBytes);
    return Buffer.concat([body, this.#mac(purpose, body)]).toString('base64url');
  }

  /**
   * The id in a code of ours.
   * @throws AppError LINK_EXPIRED when its time is over; NOT_FOUND for anything else that is not valid.
   */
  read(purpose: CodePurpose, code: string, now: number): { id: string; expiresAt: number } {
    const bytes = Buffer.from(code, 'base64url');
    const body = bytes.subarray(0, idBytes + expiryBytes);
    // One way to write each code: other spellings of the same bytes are not it.
    const whole = bytes.length === idBytes + expiryBytes + macBytes && bytes.toString('base64url') === code;
    if (!whole || !timingSafeEqual(bytes.subarray(body.length), this.#mac(purpose, body))) {
      throw new AppError('NOT_FOUND', 'no such code');
    }
    const expiresAt = body.readUInt32BE(idBytes) * minute;
    if (expiresAt <= now) throw new AppError('LINK_EXPIRED', 'this code is no longer good');
    const hex = body.toString('hex', 0, idBytes);
    const id = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
    return { id, expiresAt };
  }

  /** An id that the same parts always give and nobody else can work out: for things whose id is their key. */
  secretId(...parts: readonly string[]): string {
    const bytes = createHmac('sha256', this.#key('secret-id')).update(parts.join('\n')).digest().subarray(0, 16);
    bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
    bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
    const hex = bytes.toString('hex');
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
  }

  #mac(purpose: CodePurpose, body: Buffer): Buffer {
    return createHmac('sha256', this.#key(purpose)).update(body).digest().subarray(0, macBytes);
  }

  #key(purpose: string): Buffer {
    return Buffer.from(hkdfSync('sha256', this.#secret, '', `nadi ${purpose}`, 32));
  }
}
