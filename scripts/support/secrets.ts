import { generateKeyPairSync, randomBytes } from 'node:crypto';
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
  /** Bearer token for the hub's control requests to an SFU node; 32 bytes, base64. */
  NADI_SFU_SECRET: z.base64().min(40),
});

export type Secrets = z.output<typeof Secrets>;

/** Fresh secrets from the system's random source. */
export function generateSecrets(): Secrets {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    NADI_SECRET: randomBytes(48).toString('base64'),
    NADI_GRANT_PRIVATE_KEY: privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'),
    NADI_GRANT_PUBLIC_KEY: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
    NADI_SFU_SECRET: randomBytes(32).toString('base64'),
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
    return { secrets: parse(file, text), created: false };
  }
  const secrets = generateSecrets();
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  await rename(draft, file);
  return { secrets, created: true };
}

function parse(file: string, text: string): Secrets {
  try {
    return Secrets.parse(JSON.parse(text));
  } catch {
    throw new SetupError(
      `${file} is damaged (its content is not shown).`,
      'Remove it and start again: new secrets are made, and everybody signs in again.',
    );
  }
}
