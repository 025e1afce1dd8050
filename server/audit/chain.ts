import { createHash, createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { canonical } from './canonical.ts';

/** How far a chain was at a moment: its record number n has this hash, and so has everything before it its own. */
export const position = z.object({ chain: z.string(), n: z.int().nonnegative(), hash: z.string() });
export type Position = z.infer<typeof position>;

/** What every record carries: where it stands in its process's chain. `hash` is over all of it but hash and signature. */
export const linked = z.looseObject({
  chain: z.string(),
  n: z.int().nonnegative(),
  /** The hash of the record before; of the first, {@link noHash}. */
  prev: z.string(),
  hash: z.string(),
  /** UTC ms. */
  at: z.number(),
});
export type Linked = z.infer<typeof linked>;

/**
 * A signed record. `begin` opens a chain, `root` stands in it every ten minutes, `end` closes it, `cut` says what was
 * removed because its time was over. Each names how far it saw the other chains, so that none of them can vanish.
 */
export const root = linked.extend({
  root: z.literal(true),
  phase: z.enum(['begin', 'root', 'end', 'cut']),
  /** Ed25519, SPKI DER, base64. */
  publicKey: z.string(),
  signature: z.string(),
  seen: z.array(position),
  /** Of a `begin`: records of the version before, which stand in no chain. */
  earlier: z.int().nonnegative().optional(),
  /** Of a `cut`: records with a smaller number than n are gone; `hash` is that of the last of them. */
  cuts: z.array(position).optional(),
  /** Of a `cut`: all of them were older than this, UTC ms. */
  before: z.number().optional(),
});
export type Root = z.infer<typeof root>;

export const noHash = '0'.repeat(64);
/** No record can be taken for something else that the key signed. */
const purpose = 'nadi audit root v1\n';

/** The id of a record in the database: sorts by chain, then by number. */
export function recordId(chain: string, n: number): string {
  return `${chain}:${String(n).padStart(12, '0')}`;
}

/** SHA-256 of the record's canonical text, hex. @throws TypeError when it holds what no record of ours does. */
export function hashOf(record: Readonly<Record<string, unknown>>): string {
  const { _id, hash: _hash, signature: _signature, ...content } = record;
  return createHash('sha256').update(canonical(content)).digest('hex');
}

/** The next record of a chain. */
export function link<T extends object>(
  content: T,
  after: { readonly chain: string; readonly n: number; readonly hash: string } | string,
): T & { chain: string; n: number; prev: string; hash: string } {
  const place =
    typeof after === 'string'
      ? { chain: after, n: 0, prev: noHash }
      : { chain: after.chain, n: after.n + 1, prev: after.hash };
  const record = { ...content, ...place };
  return { ...record, hash: hashOf(record) };
}

/** Whoever writes roots. */
export interface RootSigner {
  /** SPKI DER, base64. */
  readonly publicKey: string;
  sign(hash: string): string;
}

/** @throws Error when it is no Ed25519 private key (PKCS8 DER, base64). */
export function readAuditKey(base64: string): RootSigner {
  const key = createPrivateKey({ key: Buffer.from(base64, 'base64'), format: 'der', type: 'pkcs8' });
  if (key.asymmetricKeyType !== 'ed25519') throw new Error('NADI_AUDIT_PRIVATE_KEY must be an Ed25519 key');
  return {
    publicKey: createPublicKey(key).export({ format: 'der', type: 'spki' }).toString('base64'),
    sign: (hash) => sign(null, Buffer.from(purpose + hash), key).toString('base64'),
  };
}

const publicKeys = new Map<string, KeyObject | null>();

/** Whether a signature over a hash is of this public key (SPKI DER, base64). */
export function signedBy(publicKey: string, hash: string, signature: string): boolean {
  let key = publicKeys.get(publicKey);
  if (key === undefined) {
    key = readPublicKey(publicKey);
    // A file full of forged keys must not fill the memory.
    if (publicKeys.size < 1_000) publicKeys.set(publicKey, key);
  }
  return key !== null && verify(null, Buffer.from(purpose + hash), key, Buffer.from(signature, 'base64'));
}

function readPublicKey(base64: string): KeyObject | null {
  try {
    const key = createPublicKey({ key: Buffer.from(base64, 'base64'), format: 'der', type: 'spki' });
    return key.asymmetricKeyType === 'ed25519' ? key : null;
  } catch {
    return null;
  }
}

/** The other chains a new root has to look at: those whose head nobody has named yet, as far as the latest roots tell. */
export function toLookAt(roots: readonly Root[], own: string): { chain: string; ended: Position | null }[] {
  const last = new Map<string, Root>();
  for (const one of roots) if (one.chain !== own && one.n >= (last.get(one.chain)?.n ?? 0)) last.set(one.chain, one);
  return [...last.values()]
    .filter((one) => one.phase !== 'end' || namedUpTo(roots, one.chain) < one.n)
    .map(({ chain, n, hash, phase }) => ({ chain, ended: phase === 'end' ? { chain, n, hash } : null }));
}

/** How far a chain is named by the roots of others; −1: not at all. */
export function namedUpTo(roots: readonly Root[], chain: string): number {
  const named = roots.filter((one) => one.chain !== chain).flatMap(({ seen }) => seen);
  return Math.max(-1, ...named.filter((one) => one.chain === chain).map(({ n }) => n));
}
