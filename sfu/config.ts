import { createPublicKey, type KeyObject } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { iceServer } from '../shared/contract/sfuRtp.ts';
import type { TlsFrontConfig } from '../shared/node/TlsFront.ts';
import type { TurnConfig } from './turn.ts';

/** Bounds of one node; defaults in `defaultLimits`. Durations in ms, bitrates in bit/s. */
export interface SfuLimits {
  peersPerRoom: number;
  producersPerPeer: number;
  roomsPerWorker: number;
  /** How long a seat without a socket is kept. */
  graceMs: number;
  /** How long a room without seats is kept. */
  emptyRoomMs: number;
  /** How long a connected socket may take to ask `join`. */
  joinMs: number;
  /** Requests per second and socket that are always answered, and how many may come at once. */
  messagesPerSecond: number;
  messageBurst: number;
  /** Refused requests in a row after which a socket is disconnected. */
  refusedMessages: number;
  maxIncomingBitrate: number;
  initialOutgoingBitrate: number;
}

export const defaultLimits: SfuLimits = {
  peersPerRoom: 8,
  producersPerPeer: 4,
  roomsPerWorker: 150,
  graceMs: 30_000,
  emptyRoomMs: 30_000,
  joinMs: 10_000,
  messagesPerSecond: 20,
  messageBurst: 60,
  refusedMessages: 100,
  maxIncomingBitrate: 2_500_000,
  initialOutgoingBitrate: 1_000_000,
};

/** Everything a node is told at its start. */
export interface SfuConfig {
  /** Signalling and control port; 0 takes any. */
  port: number;
  host: string;
  /** What browsers connect to; default `http://localhost:<port>`. */
  publicUrl: string | undefined;
  /** A door of its own that speaks TLS, for a machine without a proxy. */
  tls: TlsFrontConfig | undefined;
  /** Address put into ICE candidates: where clients reach the media ports. */
  announcedAddress: string;
  /** Local address the media ports listen on. */
  rtcListen: string;
  /** First media port (UDP and TCP), one per worker; 0 takes any. */
  rtcPort: number;
  workers: number;
  /** Media worker binary; default: the one mediasoup finds itself. */
  workerBin: string | undefined;
  /** Ed25519, verifies grants. */
  grantPublicKey: KeyObject;
  /** Bearer secret of the control API. */
  secret: string;
  /** Origins whose pages may connect; `'localhost'` means any origin on this machine. */
  allowedOrigins: readonly string[] | 'localhost';
  /** Given to every client as they are. */
  iceServers: readonly z.infer<typeof iceServer>[];
  /** Given to every client with credentials of its own. */
  turn: TurnConfig | undefined;
  /** Where sound is kept until the hub has it. */
  spoolDir: string;
  logLevel: string;
  limits: SfuLimits;
}

/** Thrown when the environment does not make a config; its message lists every problem and no value. */
export class SfuConfigError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(`The SFU's configuration is not complete:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'SfuConfigError';
    this.problems = problems;
  }
}

const whole = (min: number, max: number) => z.coerce.number().int().min(min).max(max);
const url = z.url({ protocol: /^https?$/ }).transform((value) => value.replace(/\/+$/, ''));
const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

const publicKey = z.string().transform((text, context): KeyObject => {
  try {
    const key = createPublicKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'spki' });
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // told below, without the value
  }
  context.addIssue({ code: 'custom', message: 'must be an Ed25519 public key (SPKI DER, base64)' });
  return z.NEVER;
});

const iceServers = z.string().transform((text, context) => {
  try {
    return z.array(iceServer).max(7).parse(JSON.parse(text));
  } catch {
    context.addIssue({ code: 'custom', message: 'must be a JSON array of {urls, username?, credential?}' });
    return z.NEVER;
  }
});

const turnUrls = z
  .string()
  .transform((text) => text.split(',').map((part) => part.trim()))
  .pipe(
    z
      .array(
        z.string().regex(/^turns?:[^\s/?]+(\?transport=(udp|tcp))?$/, 'must look like turn:host:3478?transport=udp'),
      )
      .max(6),
  );

const environment = z.object({
  SFU_PORT: whole(0, 65_535).default(3001),
  SFU_HOST: z.string().min(1).default('127.0.0.1'),
  SFU_PUBLIC_URL: url.optional(),
  SFU_TLS_CERT: z.string().min(1).optional(),
  SFU_TLS_KEY: z.string().min(1).optional(),
  SFU_TLS_PORT: whole(0, 65_535).default(3443),
  SFU_TLS_HOST: z.string().min(1).optional(),
  SFU_ANNOUNCED_ADDRESS: z.string().min(1).max(253).default('127.0.0.1'),
  SFU_RTC_LISTEN: z.union([z.ipv4(), z.ipv6()]).optional(),
  SFU_RTC_PORT: whole(0, 65_000).default(40_000),
  SFU_WORKERS: whole(1, 128).optional(),
  MEDIASOUP_WORKER_BIN: z.string().min(1).optional(),
  NADI_GRANT_PUBLIC_KEY: publicKey,
  NADI_SFU_SECRET: z.string().min(32, 'must have at least 32 characters'),
  SFU_ALLOWED_ORIGINS: z
    .string()
    .transform((text) => text.split(',').map((part) => part.trim()))
    .pipe(z.array(url).min(1))
    .optional(),
  SFU_ICE_SERVERS: iceServers.optional(),
  SFU_TURN_URLS: turnUrls.optional(),
  SFU_TURN_SECRET: z.string().min(16, 'must have at least 16 characters').optional(),
  SFU_SPOOL_DIR: z.string().min(1).default('data/recordings'),
  SFU_GRACE_MS: whole(0, 600_000).optional(),
  SFU_EMPTY_ROOM_MS: whole(0, 3_600_000).optional(),
  SFU_MAX_PEERS: whole(2, 64).optional(),
  LOG_LEVEL: z.enum(logLevels).default('info'),
});

/** Every variable a node knows. */
export const sfuVariables: readonly string[] = Object.keys(environment.shape);

/** The first is of no use without the second. */
const together = [
  ['SFU_TURN_URLS', 'SFU_TURN_SECRET'],
  ['SFU_TURN_SECRET', 'SFU_TURN_URLS'],
  ['SFU_TLS_CERT', 'SFU_TLS_KEY'],
  ['SFU_TLS_KEY', 'SFU_TLS_CERT'],
] as const;

/**
 * The config of a node from environment variables (an empty variable counts as unset).
 *
 * @throws SfuConfigError listing every problem
 */
export function parseSfuConfig(env: Readonly<Record<string, string | undefined>>): SfuConfig {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = environment.safeParse(set);
  const problems = (parsed.error?.issues ?? []).map((issue) => {
    const name = String(issue.path[0] ?? 'environment');
    return set[name] === undefined ? `${name} is not set` : `${name}: ${issue.message}`;
  });
  for (const [one, other] of together) {
    if (set[one] !== undefined && set[other] === undefined) problems.push(`${other} is not set: needed with ${one}`);
  }
  if (!parsed.success || problems.length > 0) throw new SfuConfigError(problems);
  const given = parsed.data;
  return {
    port: given.SFU_PORT,
    host: given.SFU_HOST,
    publicUrl: given.SFU_PUBLIC_URL,
    tls:
      given.SFU_TLS_CERT === undefined || given.SFU_TLS_KEY === undefined
        ? undefined
        : {
            certFile: given.SFU_TLS_CERT,
            keyFile: given.SFU_TLS_KEY,
            port: given.SFU_TLS_PORT,
            host: given.SFU_TLS_HOST,
          },
    announcedAddress: given.SFU_ANNOUNCED_ADDRESS,
    rtcListen: given.SFU_RTC_LISTEN ?? (isLoopback(given.SFU_ANNOUNCED_ADDRESS) ? '127.0.0.1' : '0.0.0.0'),
    rtcPort: given.SFU_RTC_PORT,
    workers: given.SFU_WORKERS ?? availableParallelism(),
    workerBin: given.MEDIASOUP_WORKER_BIN,
    grantPublicKey: given.NADI_GRANT_PUBLIC_KEY,
    secret: given.NADI_SFU_SECRET,
    allowedOrigins: given.SFU_ALLOWED_ORIGINS ?? 'localhost',
    iceServers: given.SFU_ICE_SERVERS ?? [],
    turn:
      given.SFU_TURN_URLS === undefined || given.SFU_TURN_SECRET === undefined
        ? undefined
        : { urls: given.SFU_TURN_URLS, secret: given.SFU_TURN_SECRET },
    spoolDir: given.SFU_SPOOL_DIR,
    logLevel: given.LOG_LEVEL,
    limits: {
      ...defaultLimits,
      ...(given.SFU_GRACE_MS === undefined ? {} : { graceMs: given.SFU_GRACE_MS }),
      ...(given.SFU_EMPTY_ROOM_MS === undefined ? {} : { emptyRoomMs: given.SFU_EMPTY_ROOM_MS }),
      ...(given.SFU_MAX_PEERS === undefined ? {} : { peersPerRoom: given.SFU_MAX_PEERS }),
    },
  };
}

/** Whether a name or address means this machine only. */
export function isLoopback(address: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/.test(address) || address.endsWith('.localhost');
}
