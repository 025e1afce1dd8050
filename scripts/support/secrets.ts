import { createECDH, generateKeyPairSync, randomBytes } from 'node:crypto';
import { chmod, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { SetupError } from './SetupError.ts';

const Secrets = z.strictObject({
  /** Signs access and refresh tokens; 48 bytes, base64. */
  NADI_SECRET: z.base64().min(44),
  /** Signs room grants: Ed25519, PKCS8 DER, base64. */
  NADI_GRANT_PRIVATE_KEY: z.base64().min(40),
  /** Verifies room grants: Ed25519, SPKI DER, base64. */
  NADI_GRANT_PUBLIC_KEY: z.base64().min(40),
  /** Signs the roots of the audit log: Ed25519, PKCS8 DER, base64. */
  NADI_AUDIT_PRIVATE_KEY: z.base64().min(40),
  /** Wraps the keys of patients; 32 bytes, base64. Lost, everything clinical is lost. */
  NADI_KEY: z.base64().length(44),
  /** The master keys before it, separated by commas; they open what was wrapped then. */
  NADI_OLD_KEYS: z.string().optional(),
  /** Bearer token for the hub's control requests to an SFU node; 32 bytes, base64. */
  NADI_SFU_SECRET: z.base64().min(40),
  /** Who we are to push services (P-256, base64url). Others than before, and every browser must be asked again. */
  NADI_VAPID_PUBLIC_KEY: z.base64url().min(80),
  NADI_VAPID_PRIVATE_KEY: z.base64url().min(40),
});

/** What every version had. */
const earlier = Secrets.partial().required({ NADI_SECRET: true, NADI_SFU_SECRET: true });

export type Secrets = z.output<typeof Secrets>;

/** Fresh secrets from the system's random source. */
export function generateSecrets(): Secrets {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const audit = generateKeyPairSync('ed25519').privateKey;
  const push = createECDH('prime256v1');
  return {
    NADI_SECRET: randomBytes(48).toString('base64'),
    NADI_GRANT_PRIVATE_KEY: privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'),
    NADI_GRANT_PUBLIC_KEY: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
    NADI_AUDIT_PRIVATE_KEY: audit.export({ type: 'pkcs8', format: 'der' }).toString('base64'),
    NADI_KEY: randomBytes(32).toString('base64'),
    NADI_SFU_SECRET: randomBytes(32).toString('base64'),
    NADI_VAPID_PUBLIC_KEY: push.generateKeys('base64url'),
    // The number with its leading zeros, which the library leaves away.
    NADI_VAPID_PRIVATE_KEY: Buffer.from(push.getPrivateKey('hex').padStart(64, '0'), 'hex').toString('base64url'),
  };
}

/** The demo's secrets, made on first start and kept beside the data, readable by their owner only. */
export async function demoSecrets(folder: string): Promise<{ secrets: Secrets; created: boolean }> {
  const file = path.join(folder, 'demo-secrets.json');
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text !== undefined) {
    await chmod(file, 0o600);
    const found = parse(file, text);
    const complete = Secrets.safeParse(found);
    if (complete.success) return { secrets: complete.data, created: false };
    // Written by an earlier version, which did not know all of them yet.
    return { secrets: await write(file, { ...generateSecrets(), ...found }), created: false };
  }
  return { secrets: await write(file, generateSecrets()), created: true };
}

async function write(file: string, secrets: Secrets): Promise<Secrets> {
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  await rename(draft, file);
  return secrets;
}

function parse(file: string, text: string): Partial<Secrets> {
  try {
    return earlier.parse(JSON.parse(text));
  } catch {
    throw new SetupError(
      `${file} is damaged (its content is not shown).`,
      'Restore it from a copy. Without one, remove it and start again: everybody signs in again, and clinical notes and recordings of before stay unreadable.',
    );
  }
}
