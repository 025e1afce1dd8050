import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { SealError } from './MasterKeys.ts';

const algorithm = 'aes-256-gcm';
const ivBytes = 12;
const tagBytes = 16;
const prefix = 's1.';

/**
 * Seals a text with a patient's key. `context` names the field and document it belongs to (`triage:<id>:note`) and is
 * authenticated: moved elsewhere it does not open. Length is not hidden.
 */
export function sealText(key: Buffer, text: string, context: string): string {
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv(algorithm, key, iv).setAAD(Buffer.from(context));
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return prefix + Buffer.concat([iv, body, cipher.getAuthTag()]).toString('base64url');
}

/** @throws SealError when it was changed, belongs elsewhere, or was sealed with another key. */
export function openText(key: Buffer, sealed: string, context: string): string {
  if (!isSealed(sealed)) throw new SealError('not a sealed text');
  const raw = Buffer.from(sealed.slice(prefix.length), 'base64url');
  if (raw.length < ivBytes + tagBytes) throw new SealError('not a sealed text');
  const decipher = createDecipheriv(algorithm, key, raw.subarray(0, ivBytes))
    .setAAD(Buffer.from(context))
    .setAuthTag(raw.subarray(-tagBytes));
  try {
    return Buffer.concat([decipher.update(raw.subarray(ivBytes, -tagBytes)), decipher.final()]).toString('utf8');
  } catch {
    throw new SealError('a sealed text was changed or moved');
  }
}

export function isSealed(text: string): boolean {
  return text.startsWith(prefix);
}
