import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { AppError } from '../../shared/errors.ts';

const algorithm = 'aes-256-gcm';
const keyBytes = 32;
const ivBytes = 12;
const tagBytes = 16;

/** A data key as it is stored: which master key it is wrapped by, and the wrapped bytes (iv, ciphertext, tag; base64). */
export interface WrappedKey {
  readonly kid: string;
  readonly bytes: string;
}

/** Thrown when something cannot be opened: the key is missing or destroyed, or the bytes were changed. */
export class SealError extends Error {}

/** The subject was erased: nothing new is written about them. */
export class ErasedError extends AppError {
  constructor() {
    super('ERASED', 'this key was destroyed');
  }
}

/**
 * The installation's own keys (`NADI_KEY`): they wrap the keys of patients and nothing else. The first one wraps; older
 * ones still open, until everything is wrapped anew (`PatientKeys.rewrap`).
 */
export class MasterKeys {
  readonly #byId: ReadonlyMap<string, Buffer>;
  /** Id of the key that wraps: derived from it, so that it names without telling. */
  readonly current: string;

  /** @param keys 32 bytes each, base64, newest first. @throws SealError */
  constructor(keys: readonly string[]) {
    const parsed = keys.map((text) => {
      const key = Buffer.from(text, 'base64');
      if (key.length !== keyBytes) throw new SealError('a master key is 32 bytes in base64');
      return [idOf(key), key] as const;
    });
    const [first] = parsed;
    if (!first) throw new SealError('no master key');
    this.current = first[0];
    this.#byId = new Map(parsed);
  }

  /** A fresh data key for a subject, wrapped; the subject's id is authenticated, so that keys cannot change places. */
  newKey(subjectId: string): { readonly key: Buffer; readonly wrapped: WrappedKey } {
    const key = randomBytes(keyBytes);
    return { key, wrapped: this.wrap(key, subjectId) };
  }

  wrap(key: Buffer, subjectId: string): WrappedKey {
    const iv = randomBytes(ivBytes);
    const cipher = createCipheriv(algorithm, this.#key(this.current), iv).setAAD(Buffer.from(subjectId));
    const body = Buffer.concat([cipher.update(key), cipher.final()]);
    return { kid: this.current, bytes: Buffer.concat([iv, body, cipher.getAuthTag()]).toString('base64') };
  }

  /** @throws SealError when its master key is not configured, or it was changed. */
  unwrap({ kid, bytes }: WrappedKey, subjectId: string): Buffer {
    const raw = Buffer.from(bytes, 'base64');
    if (raw.length !== ivBytes + keyBytes + tagBytes) throw new SealError('not a wrapped key');
    const decipher = createDecipheriv(algorithm, this.#key(kid), raw.subarray(0, ivBytes))
      .setAAD(Buffer.from(subjectId))
      .setAuthTag(raw.subarray(-tagBytes));
    try {
      return Buffer.concat([decipher.update(raw.subarray(ivBytes, -tagBytes)), decipher.final()]);
    } catch {
      throw new SealError('a wrapped key was changed');
    }
  }

  #key(kid: string): Buffer {
    const key = this.#byId.get(kid);
    if (!key) throw new SealError(`master key ${kid} is not configured`);
    return key;
  }
}

function idOf(key: Buffer): string {
  return createHash('sha256').update('nadi master key id').update(key).digest('hex').slice(0, 12);
}
