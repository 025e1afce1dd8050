import { createECDH, randomBytes, type ECDH } from 'node:crypto';
import { decrypt } from 'http_ece';
import { importJWK, jwtVerify } from 'jose';
import { LocalProvider, type Received } from './httpServer.ts';

/** A browser's side of Web Push: its keys, and what it makes of what arrives. */
export class PushClient {
  readonly endpoint: string;
  readonly keys: { readonly p256dh: string; readonly auth: string };
  readonly #ecdh: ECDH;

  constructor(service: string, name: string) {
    this.#ecdh = createECDH('prime256v1');
    const auth = randomBytes(16).toString('base64url');
    this.keys = { p256dh: this.#ecdh.generateKeys('base64url'), auth };
    this.endpoint = `${service}/push/${name}`;
  }

  /** What the push service handed over, decrypted as a browser does (RFC 8291). */
  open(request: Received): unknown {
    const { auth } = this.keys;
    const text = decrypt(request.body, { version: 'aes128gcm', privateKey: this.#ecdh, authSecret: auth });
    return JSON.parse(text.toString('utf8'));
  }
}

/** A push service (RFC 8030): accepts messages with a location; what was sent to whom is in `received`. */
export function pushService(): LocalProvider {
  return new LocalProvider(({ path }) => ({ status: 201, headers: { location: `/message${path}` } }));
}

/** Checks the VAPID header (RFC 8292): signed by the key it names, for this service, by somebody who can be reached. */
export async function vapidClaims(request: Received, publicKey: string, origin: string) {
  const [, token = '', key = ''] = /^vapid t=([^,]+), k=(\S+)$/.exec(request.headers.authorization ?? '') ?? [];
  if (key !== publicKey) throw new Error('another key');
  const raw = Buffer.from(publicKey, 'base64url');
  const [x, y] = [raw.subarray(1, 33), raw.subarray(33)].map((half) => half.toString('base64url'));
  const jwk = await importJWK({ kty: 'EC', crv: 'P-256', x: x ?? '', y: y ?? '' }, 'ES256');
  return (await jwtVerify(token, jwk, { audience: origin, algorithms: ['ES256'] })).payload;
}
