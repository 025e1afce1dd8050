import { z } from 'zod';
import type { TlsFrontConfig } from '../shared/node/TlsFront.ts';
import { trustedProxies, trustNobody, trustThisMachine, type Trust } from './hub/addresses.ts';
import { backupOf, backupSchema, type BackupConfig } from './backup/config.ts';
import { messagingOf, messagingSchema, type MessagingConfig } from './gateways/config.ts';

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

const masterKey = z.base64('must be 32 bytes in base64').length(44, 'must be 32 bytes in base64');

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
  NADI_AUDIT_PRIVATE_KEY: z.base64({ error: 'needed: Ed25519 private key, PKCS8 DER in base64' }).min(1),
  NADI_AUDIT_ROOTS_DIR: z.string().optional(),
  NADI_AUDIT_ROOT_MS: z.coerce.number().int().min(200).max(3_600_000).default(600_000),
  NADI_AUDIT_DAYS: z.coerce.number().int().min(1_096, 'must be three years at least').max(36_500).default(2_557),
  NADI_KEY: z.string({ error: 'needed: wraps the keys of patients' }).pipe(masterKey),
  NADI_OLD_KEYS: z
    .string()
    .default('')
    .transform((list) => list.split(',').filter((key) => key !== ''))
    .pipe(z.array(masterKey)),
  NADI_SFU_NODES: urlList,
  NADI_SFU_SECRET: z.string({ error: 'needed: shared with the media nodes' }).min(16),
  NADI_PUBLIC_URL: z.url().optional(),
  NADI_TLS_CERT: z.string().min(1).optional(),
  NADI_TLS_KEY: z.string().min(1).optional(),
  NADI_TLS_PORT: port.default(443),
  NADI_TLS_HOST: z.string().min(1).optional(),
  NADI_ALLOWED_ORIGINS: urlList,
  NADI_TRUSTED_PROXIES: trustedProxies.optional(),
  NADI_CLIENT_DIR: z.string().default('dist/client'),
  NADI_TAIL_MS: z.coerce.number().int().min(50).max(60_000).default(1_000),
  REDIS_URL: z
    .string()
    .regex(/^rediss?:\/\//, 'must be a redis:// or rediss:// address')
    .optional(),
  NADI_REDIS_PREFIX: z
    .string()
    .regex(/^[\w:.-]{1,40}$/)
    .default('nadi:'),
  NADI_METRICS_TOKEN: z.string().min(16, 'must be at least 16 characters').optional(),
  NADI_LONG_POLLING: z.enum(['0', '1']).default('0'),
  NADI_RETENTION_DAYS: z.coerce.number().int().min(1).max(36_500).default(1_096),
  NADI_RECORDING_DAYS: z.coerce.number().int().min(1).max(36_500).default(1_096),
  NADI_HEARTBEAT_MS: z.coerce.number().int().min(200).max(60_000).default(5_000),
  NADI_PING_MS: z.coerce.number().int().min(200).max(60_000).default(10_000),
  NADI_DRAIN_MS: z.coerce.number().int().min(0).max(60_000).optional(),
  NADI_RATE_FACTOR: z.coerce.number().positive().default(1),
  NADI_IDLE_MINUTES: z.coerce.number().min(0).max(1440).default(15),
  NADI_REGION: z
    .string()
    .regex(/^[A-Z]{2}$/, 'must be a country code of two letters, such as IN')
    .default('IN'),
  ...messagingSchema,
  ...backupSchema,
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
});

/** Every variable the hub knows. */
export const hubVariables: readonly string[] = Object.keys(schema.shape);

/** Everything the hub is told from outside, read once. Durations in ms. */
export interface Config {
  readonly port: number;
  readonly host: string;
  readonly mode: 'demo' | 'production' | 'test';
  readonly dataDir: string;
  readonly mongo: { readonly uri: string; readonly db: string; readonly engine: string };
  readonly secret: string;
  readonly grantPrivateKey: string;
  /** The master key and the ones before it, newest first. */
  readonly masterKeys: readonly string[];
  readonly sfu: { readonly nodes: readonly string[]; readonly secret: string };
  readonly publicUrl: string | null;
  /** A door of our own that speaks TLS; null: a proxy does, or nobody. */
  readonly tls: TlsFrontConfig | null;
  /** Other sites whose pages may use the API. */
  readonly allowedOrigins: readonly string[];
  /** Which proxies are believed when they say for whom they ask. */
  readonly trusts: Trust;
  readonly clientDir: string;
  /** How often the tail of other hubs' events is read. */
  readonly tailMs: number;
  /** What connects several hubs at once; null: the database alone does. */
  readonly redis: { readonly url: string; readonly prefix: string } | null;
  /** Who may read the metrics from elsewhere than this machine; null: nobody. */
  readonly metricsToken: string | null;
  /** Also offers HTTP long-polling, which needs a balancer with sticky sessions. */
  readonly longPolling: boolean;
  /** How often a hub says that it lives, and reads who is connected elsewhere. */
  readonly heartbeatMs: number;
  /** How often a socket is asked whether it is still there; it has four fifths of that to answer. */
  readonly pingMs: number;
  /** On stop: the time over which sockets are spread that are told to move to another hub. 0: they are cut. */
  readonly drainMs: number;
  /** Multiplies every rate limit; tests raise it. */
  readonly rateFactor: number;
  /** How long recordings are kept, days; three years at least by the Telemedicine Practice Guidelines 2020. */
  readonly recordingDays: number;
  /** After how long without anybody who works at a desk is signed out, ms; null: never. */
  readonly deskIdleMs: number | null;
  /** How long a patient's records must be kept after the last visit before they may be erased without a ground, days; as above. */
  readonly retentionDays: number;
  /** ISO 3166: whose phone numbers people write without the country's prefix. */
  readonly region: string;
  readonly audit: {
    /** Signs the roots of the audit log. */
    readonly privateKey: string;
    /** Where they are copied to, outside of the database; null: nowhere. */
    readonly rootsDir: string | null;
    /** How often a root is signed. */
    readonly everyMs: number;
    /** How long records are kept. */
    readonly days: number;
  };
  readonly logLevel: string;
  readonly messaging: MessagingConfig;
  readonly backup: BackupConfig;
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
  const messaging = messagingOf(value);
  const backup = backupOf(value);
  if ('problems' in backup) {
    throw new ConfigError(`The configuration has problems:\n${backup.problems.map((one) => `  ${one}`).join('\n')}`);
  }
  if ('problems' in messaging) {
    throw new ConfigError(`The configuration has problems:\n${messaging.problems.map((one) => `  ${one}`).join('\n')}`);
  }
  if ((value.NADI_TLS_CERT === undefined) !== (value.NADI_TLS_KEY === undefined)) {
    throw new ConfigError(
      'The configuration has problems:\n  NADI_TLS_CERT, NADI_TLS_KEY: one is of no use without the other',
    );
  }
  return {
    port: value.PORT,
    host: value.NADI_HOST,
    mode: value.NADI_MODE,
    dataDir: value.NADI_DATA,
    mongo: { uri: value.MONGODB_URI, db: value.MONGODB_DB, engine: value.NADI_ENGINE },
    secret: value.NADI_SECRET,
    grantPrivateKey: value.NADI_GRANT_PRIVATE_KEY,
    masterKeys: [value.NADI_KEY, ...value.NADI_OLD_KEYS],
    sfu: { nodes: value.NADI_SFU_NODES, secret: value.NADI_SFU_SECRET },
    publicUrl: value.NADI_PUBLIC_URL ?? null,
    tls:
      value.NADI_TLS_CERT === undefined || value.NADI_TLS_KEY === undefined
        ? null
        : {
            certFile: value.NADI_TLS_CERT,
            keyFile: value.NADI_TLS_KEY,
            port: value.NADI_TLS_PORT,
            host: value.NADI_TLS_HOST,
          },
    allowedOrigins: value.NADI_ALLOWED_ORIGINS,
    // A public address without a door of our own for it: something on this machine stands in front.
    trusts:
      value.NADI_TRUSTED_PROXIES ?? (value.NADI_PUBLIC_URL && !value.NADI_TLS_CERT ? trustThisMachine : trustNobody),
    clientDir: value.NADI_CLIENT_DIR,
    tailMs: value.NADI_TAIL_MS,
    redis: value.REDIS_URL === undefined ? null : { url: value.REDIS_URL, prefix: value.NADI_REDIS_PREFIX },
    metricsToken: value.NADI_METRICS_TOKEN ?? null,
    longPolling: value.NADI_LONG_POLLING === '1',
    heartbeatMs: value.NADI_HEARTBEAT_MS,
    pingMs: value.NADI_PING_MS,
    // A demo is one hub: nowhere to move to.
    drainMs: value.NADI_DRAIN_MS ?? (value.NADI_MODE === 'production' ? 4_000 : 0),
    rateFactor: value.NADI_RATE_FACTOR,
    recordingDays: value.NADI_RECORDING_DAYS,
    deskIdleMs: value.NADI_IDLE_MINUTES === 0 ? null : Math.ceil(value.NADI_IDLE_MINUTES * 60_000),
    retentionDays: value.NADI_RETENTION_DAYS,
    region: value.NADI_REGION,
    audit: {
      privateKey: value.NADI_AUDIT_PRIVATE_KEY,
      rootsDir: value.NADI_AUDIT_ROOTS_DIR ?? null,
      everyMs: value.NADI_AUDIT_ROOT_MS,
      days: value.NADI_AUDIT_DAYS,
    },
    logLevel: value.LOG_LEVEL,
    messaging,
    backup,
  };
}
