import type { KeyObject } from 'node:crypto';
import { errors, jwtVerify } from 'jose';
import { grantClaims, grantSeconds, grantType, type GrantClaims } from '../shared/contract/sfu.ts';
import { SfuFailure } from './SfuFailure.ts';

/** Allowed difference between the hub's clock and ours, seconds. */
const SKEW_SECONDS = 5;

/** Verifies grants and remembers which were used until they expire. */
export class GrantDesk {
  readonly #key: KeyObject;
  readonly #bootId: string;
  readonly #now: () => number;
  /** jti → expiry, ms. */
  readonly #used = new Map<string, number>();

  /** @param now milliseconds since 1970 */
  constructor(key: KeyObject, bootId: string, now: () => number) {
    this.#key = key;
    this.#bootId = bootId;
    this.#now = now;
  }

  /**
   * Accepts a grant once.
   *
   * @throws SfuFailure GRANT_INVALID, GRANT_EXPIRED, WRONG_NODE or GRANT_REPLAYED
   */
  async redeem(token: string): Promise<GrantClaims> {
    const claims = await this.#verify(token);
    const now = this.#now();
    if (claims.exp <= claims.iat || claims.exp - claims.iat > grantSeconds) {
      throw new SfuFailure('GRANT_INVALID', `a grant lives at most ${grantSeconds} s`);
    }
    if (claims.iat * 1000 > now + SKEW_SECONDS * 1000) throw new SfuFailure('GRANT_INVALID', 'issued in the future');
    this.#forgetExpired(now);
    if (this.#used.has(claims.jti)) throw new SfuFailure('GRANT_REPLAYED', 'this grant was used already');
    this.#used.set(claims.jti, (claims.exp + SKEW_SECONDS) * 1000);
    return claims;
  }

  async #verify(token: string): Promise<GrantClaims> {
    try {
      const { payload } = await jwtVerify(token, this.#key, {
        algorithms: ['EdDSA', 'Ed25519'],
        typ: grantType,
        audience: this.#bootId,
        clockTolerance: SKEW_SECONDS,
        currentDate: new Date(this.#now()),
        requiredClaims: ['exp', 'iat', 'jti'],
      });
      return grantClaims.parse(payload);
    } catch (error) {
      if (error instanceof errors.JWTExpired) throw new SfuFailure('GRANT_EXPIRED', 'this grant has expired');
      if (error instanceof errors.JWTClaimValidationFailed && error.claim === 'aud') {
        throw new SfuFailure('WRONG_NODE', 'this grant is for another node');
      }
      throw new SfuFailure('GRANT_INVALID', 'this grant is not valid');
    }
  }

  /** Grants live two minutes, so the map holds what two minutes bring; insertion order is nearly expiry order. */
  #forgetExpired(now: number): void {
    for (const [jti, until] of this.#used) {
      if (until > now) break;
      this.#used.delete(jti);
    }
  }
}
