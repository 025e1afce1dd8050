import { z } from 'zod';

const port = z.coerce.number().int().min(0).max(65535);
const urlList = z
  .string()
  .default('')
  .transform((list) =>
    list
      .split(',')
      .map((url) => url.trim())
      .filter((url) => url !== ''),
  )
  .pipe(z.array(z.url()));

const schema = z.object({
  PORT: port.default(3000),
  NADI_HOST: z.string().default('127.0.0.1'),
  NADI_MODE: z.enum(['demo', 'production', 'test']).default('demo'),
  NADI_DATA: z.string().default('./data'),
  MONGODB_URI: z
    .string({ error: 'needed: where the database is' })
    .regex(/^mongodb(\+srv)?:\/\//, 'must be a mongodb:// address'),
  MONGODB_DB: z
    .string()
    .regex(/^[\w-]{1,60}$/)
    .default('nadi'),
  NADI_ENGINE: z.string().default('mongodb'),
  NADI_SECRET: z
    .string({ error: 'needed: signs access and refresh tokens' })
    .min(43, 'must be at least 32 bytes in base64'),
  NADI_GRANT_PRIVATE_KEY: z.base64({ error: 'needed: Ed25519 private key, PKCS8 DER in base64' }).min(1),
  NADI_SFU_NODES: urlList,
  NADI_SFU_SECRET: z.string({ error: 'needed: shared with the media nodes' }).min(16),
  NADI_PUBLIC_URL: z.url().optional(),
  NADI_CLIENT_DIR: z.string().default('dist/client'),
  NADI_TAIL_MS: z.coerce.number().int().min(50).max(60_000).default(1_000),
  NADI_RATE_FACTOR: z.coerce.number().positive().default(1),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
});

/** Everything the hub is told from outside, read once. Durations in ms. */
export interface Config {
  readonly port: number;
  readonly host: string;
  readonly mode: 'demo' | 'production' | 'test';
  readonly dataDir: string;
  readonly mongo: { readonly uri: string; readonly db: string; readonly engine: string };
  readonly secret: string;
  readonly grantPrivateKey: string;
  readonly sfu: { readonly nodes: readonly string[]; readonly secret: string };
  readonly publicUrl: string | null;
  readonly clientDir: string;
  /** How often the tail of other hubs' events is read. */
  readonly tailMs: number;
  /** Multiplies every rate limit; tests raise it. */
  readonly rateFactor: number;
  readonly logLevel: string;
}

/** Thrown with every problem listed; never prints a value, since it may be a secret. */
export class ConfigError extends Error {}

/**
 * Parses the environment.
 * @throws ConfigError naming every variable that is missing or wrong.
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const parsed = schema.safeParse(env);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
    throw new ConfigError(`The configuration has problems:\n${problems.join('\n')}`);
  }
  const value = parsed.data;
  return {
    port: value.PORT,
    host: value.NADI_HOST,
    mode: value.NADI_MODE,
    dataDir: value.NADI_DATA,
    mongo: { uri: value.MONGODB_URI, db: value.MONGODB_DB, engine: value.NADI_ENGINE },
    secret: value.NADI_SECRET,
    grantPrivateKey: value.NADI_GRANT_PRIVATE_KEY,
    sfu: { nodes: value.NADI_SFU_NODES, secret: value.NADI_SFU_SECRET },
    publicUrl: value.NADI_PUBLIC_URL ?? null,
    clientDir: value.NADI_CLIENT_DIR,
    tailMs: value.NADI_TAIL_MS,
    rateFactor: value.NADI_RATE_FACTOR,
    logLevel: value.LOG_LEVEL,
  };
}
