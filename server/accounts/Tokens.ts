import { createHmac, timingSafeEqual } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import { limits } from '../../shared/limits.ts';

/** How long somebody may take to find the phone. */
const pendingMs = 5 * 60_000;
/** How long somebody may take to write their name. */
const signUpMs = 15 * 60_000;

const claims = z.object({ sub: z.string(), sid: z.string() });

/**
 * Makes and checks the four kinds of tokens.
 * Access: a JWT (HS256), 15 min, naming account and sign-in session, nothing else. Refresh: `sid.number.mac`: derived, so
 * that the same number is the same token again (two tabs), and nothing secret is stored. Pending: between password and second
 * factor, `account.expires.mac`. Sign-up: between code and name, `challenge.expires.mac`.
 */
export class Tokens {
  readonly #accessKey: Uint8Array;
  readonly #refreshKey: Buffer;
  readonly #pendingKey: Buffer;
  readonly #signUpKey: Buffer;

  constructor(secret: string) {
    // A key each from one secret, so that a token of one kind is never valid as the other.
    this.#accessKey = createHmac('sha256', secret).update('nadi access v1').digest();
    this.#refreshKey = createHmac('sha256', secret).update('nadi refresh v1').digest();
    this.#pendingKey = createHmac('sha256', secret).update('nadi second factor v1').digest();
    this.#signUpKey = createHmac('sha256', secret).update('nadi sign-up v1').digest();
  }

  /** @returns the token and when it expires, UTC ms. */
  async access(accountId: string, sid: string, now: number): Promise<{ token: string; expiresAt: number }> {
    const issued = Math.floor(now / 1000);
    const expires = issued + limits.accessTokenSeconds;
    const token = await new SignJWT({ sid })
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject(accountId)
      .setIssuedAt(issued)
      .setExpirationTime(expires)
      .setAudience('nadi')
      .sign(this.#accessKey);
    return { token, expiresAt: expires * 1000 };
  }

  /** The account and session of a valid access token, else null. */
  async verifyAccess(token: string, now: number): Promise<{ accountId: string; sid: string } | null> {
    try {
      const { payload } = await jwtVerify(token, this.#accessKey, {
        algorithms: ['HS256'],
        audience: 'nadi',
        currentDate: new Date(now),
      });
      const { sub, sid } = claims.parse(payload);
      return { accountId: sub, sid };
    } catch {
      return null;
    }
  }

  /** Says that the password was right; void once the password is another. */
  pending(accountId: string, passwordHash: string, now: number): { token: string; expiresAt: number } {
    const expiresAt = now + pendingMs;
    const mac = this.#pendingMac(accountId, expiresAt, passwordHash);
    return { token: `${accountId}.${expiresAt}.${mac}`, expiresAt };
  }

  /** The account that a pending token is for, not yet checked; null when it is none or too old. */
  readPending(token: string, now: number): { accountId: string; holds: (passwordHash: string) => boolean } | null {
    const [accountId, digits, mac] = token.split('.');
    if (accountId === undefined || mac === undefined || !/^\d{13}$/.test(digits ?? '')) return null;
    const expiresAt = Number(digits);
    if (expiresAt <= now) return null;
    const given = Buffer.from(mac);
    return {
      accountId,
      holds: (passwordHash) => {
        const expected = Buffer.from(this.#pendingMac(accountId, expiresAt, passwordHash));
        return given.length === expected.length && timingSafeEqual(given, expected);
      },
    };
  }

  /** Says that a code was right, of a target that has no account yet. */
  signUp(challengeId: string, now: number): { token: string; expiresAt: number } {
    const expiresAt = now + signUpMs;
    return { token: `${challengeId}.${expiresAt}.${this.#signUpMac(challengeId, expiresAt)}`, expiresAt };
  }

  /** The challenge that a sign-up token is for; null when it is none or too old. */
  readSignUp(token: string, now: number): string | null {
    const [challengeId, digits, mac] = token.split('.');
    if (challengeId === undefined || mac === undefined || !/^\d{13}$/.test(digits ?? '')) return null;
    const expiresAt = Number(digits);
    const [expected, given] = [Buffer.from(this.#signUpMac(challengeId, expiresAt)), Buffer.from(mac)];
    const ours = given.length === expected.length && timingSafeEqual(given, expected);
    return ours && expiresAt > now ? challengeId : null;
  }

  refresh(sid: string, number: number): string {
    return `${sid}.${number}.${this.#mac(sid, number)}`;
  }

  /** The session and number of a refresh token that we made, else null. */
  readRefresh(token: string): { sid: string; number: number } | null {
    const [sid, digits, mac] = token.split('.');
    if (sid === undefined || mac === undefined || !/^[1-9]\d{0,8}$/.test(digits ?? '')) return null;
    const number = Number(digits);
    const expected = Buffer.from(this.#mac(sid, number));
    const given = Buffer.from(mac);
    return given.length === expected.length && timingSafeEqual(given, expected) ? { sid, number } : null;
  }

  #pendingMac(accountId: string, expiresAt: number, passwordHash: string): string {
    return createHmac('sha256', this.#pendingKey)
      .update(`${accountId}.${expiresAt}.${passwordHash}`)
      .digest('base64url');
  }

  #signUpMac(challengeId: string, expiresAt: number): string {
    return createHmac('sha256', this.#signUpKey).update(`${challengeId}.${expiresAt}`).digest('base64url');
  }

  #mac(sid: string, number: number): string {
    return createHmac('sha256', this.#refreshKey).update(`${sid}.${number}`).digest('base64url');
  }
}
