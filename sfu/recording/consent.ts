import type { KeyObject } from 'node:crypto';
import { jwtVerify } from 'jose';
import { consentClaims, consentType, type ConsentClaims } from '../../shared/contract/sfuRecording.ts';
import { SfuFailure } from '../SfuFailure.ts';

/** Reads a consent that the hub signed. @throws SfuFailure GRANT_INVALID */
export async function readConsent(token: string, key: KeyObject, now: number): Promise<ConsentClaims> {
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: ['EdDSA', 'Ed25519'],
      typ: consentType,
      clockTolerance: 5,
      currentDate: new Date(now),
      requiredClaims: ['exp', 'iat', 'jti'],
    });
    return consentClaims.parse(payload);
  } catch {
    throw new SfuFailure('GRANT_INVALID', 'this consent is not valid');
  }
}
