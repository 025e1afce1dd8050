import { createPrivateKey, type KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';
import { grantClaims, grantSeconds, grantType, type GrantClaims } from '../../shared/contract/sfu.ts';

/** Reads the hub's signing key (PKCS8 DER, base64). @throws when it is not an Ed25519 private key. */
export function readGrantKey(base64: string): KeyObject {
  const key = createPrivateKey({ key: Buffer.from(base64, 'base64'), format: 'der', type: 'pkcs8' });
  if (key.asymmetricKeyType !== 'ed25519') throw new Error('NADI_GRANT_PRIVATE_KEY must be an Ed25519 key');
  return key;
}

/** Signs a seat in a room of one node: good once, for two minutes. `now` in ms. */
export async function signGrant(key: KeyObject, seat: Omit<GrantClaims, 'iat' | 'exp'>, now: number): Promise<string> {
  const iat = Math.floor(now / 1000);
  const claims = grantClaims.parse({ ...seat, iat, exp: iat + grantSeconds });
  return await new SignJWT({ ...claims }).setProtectedHeader({ alg: 'EdDSA', typ: grantType }).sign(key);
}
