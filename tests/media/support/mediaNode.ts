import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateKeyPairSync, randomUUID, type KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';
import { pino } from 'pino';
import type { z } from 'zod';
import { ensureMediaWorker } from '../../../scripts/services/mediaWorker.ts';
import { defaultLimits, type SfuConfig, type SfuLimits } from '../../../sfu/config.ts';
import { createSfu, type SfuNode } from '../../../sfu/SfuNode.ts';
import {
  grantClaims,
  grantType,
  sfuNodeInfo,
  sfuRoomInfo,
  type GrantClaims,
  type SfuRoomInfo,
} from '../../../shared/contract/sfu.ts';
import { consentClaims, consentType } from '../../../shared/contract/sfuRecording.ts';

const quiet = { step: () => undefined, info: () => undefined };
const silent = pino({ level: 'silent' });

/** A node on a real worker, with the hub's side of it: its signing key and its control secret. */
export interface MediaNode extends AsyncDisposable {
  readonly url: string;
  readonly bootId: string;
  readonly secret: string;
  /** Verifies what the hub signed; known to whoever runs a node. */
  readonly publicKey: KeyObject;
  readonly node: SfuNode;
  /** A grant that is good unless told otherwise. */
  grant(claims?: Partial<GrantClaims>, signWith?: Signing): Promise<string>;
  /** A consent as the hub signs it. */
  consent(room: string, peer: string, givenAt?: number, signWith?: Signing): Promise<string>;
  control(
    path: string,
    body?: unknown,
    secret?: string | null,
  ): Promise<{ status: number; body: unknown; text: string }>;
  room(name: string): Promise<SfuRoomInfo | undefined>;
  workers(): Promise<z.infer<typeof sfuNodeInfo>['workers']>;
}

interface Signing {
  key?: KeyObject;
  type?: string;
  extra?: Record<string, unknown>;
}

/** The media worker this machine has; built on first use. */
export function mediaWorker(): Promise<string> {
  return ensureMediaWorker(quiet);
}

export async function testConfig(
  grantPublicKey: KeyObject,
  secret: string,
  limits: Partial<SfuLimits> = {},
  config: Partial<SfuConfig> = {},
): Promise<SfuConfig> {
  return {
    port: 0,
    host: '127.0.0.1',
    publicUrl: undefined,
    tls: undefined,
    announcedAddress: '127.0.0.1',
    rtcListen: '127.0.0.1',
    rtcPort: 0,
    workers: 1,
    workerBin: await mediaWorker(),
    grantPublicKey,
    secret,
    allowedOrigins: 'localhost',
    iceServers: [],
    turn: undefined,
    spoolDir: await mkdtemp(join(tmpdir(), 'nadi-spool-')),
    logLevel: 'silent',
    limits: { ...defaultLimits, ...limits },
    ...config,
  };
}

/** Starts a node on random ports. */
export async function startMediaNode(
  limits: Partial<SfuLimits> = {},
  config: Partial<SfuConfig> = {},
  now: () => number = Date.now,
): Promise<MediaNode> {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const secret = randomUUID();
  const node = await createSfu(await testConfig(publicKey, secret, limits, config), { log: silent, now });

  const control: MediaNode['control'] = async (path, body, bearer = secret) => {
    const response = await fetch(new URL(path, node.url), {
      method: body === undefined ? 'GET' : 'POST',
      headers: bearer === null ? {} : { authorization: `Bearer ${bearer}` },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
    return { status: response.status, body: isJson ? JSON.parse(text) : undefined, text };
  };

  return {
    url: node.url,
    bootId: node.bootId,
    secret,
    publicKey,
    node,
    grant: (claims, { key = privateKey, type = grantType, extra = {} } = {}) =>
      signGrant(key, node.bootId, now, claims, { type, extra }),
    consent: (room, peer, givenAt = now(), { key = privateKey, ...signing } = {}) =>
      signConsent(key, room, peer, givenAt, signing),
    control,
    room: async (name) => {
      const { status, body } = await control(`/control/rooms/${name}`);
      return status === 404 ? undefined : sfuRoomInfo.parse(body);
    },
    workers: async () => sfuNodeInfo.parse((await control('/control/node')).body).workers,
    [Symbol.asyncDispose]: () => node.close(),
  };
}

/** A grant as the hub signs it, good unless told otherwise. */
export async function signGrant(
  key: KeyObject,
  bootId: string,
  now: () => number,
  claims: Partial<GrantClaims> = {},
  { type = grantType, extra = {} }: Omit<Signing, 'key'> = {},
): Promise<string> {
  const signed = new SignJWT({ ...grantFor(bootId, now, claims), ...extra });
  return await signed.setProtectedHeader({ alg: 'EdDSA', typ: type }).sign(key);
}

/** A consent as the hub signs it. */
export async function signConsent(
  key: KeyObject,
  room: string,
  peer: string,
  givenAt: number,
  { type = consentType, extra = {} }: Omit<Signing, 'key'> = {},
): Promise<string> {
  const iat = Math.floor(givenAt / 1000);
  const claims = consentClaims.parse({ room, peer, jti: randomUUID(), givenAt, iat, exp: iat + 3_600 });
  return await new SignJWT({ ...claims, ...extra }).setProtectedHeader({ alg: 'EdDSA', typ: type }).sign(key);
}

function grantFor(aud: string, now: () => number, claims: Partial<GrantClaims> = {}): GrantClaims {
  const iat = Math.floor(now() / 1000);
  return grantClaims.parse({
    aud,
    room: 'room-1',
    epoch: 1,
    peer: 'doctor-1',
    role: 'doctor',
    may: { publish: true, subscribe: true, record: false },
    jti: randomUUID(),
    iat,
    exp: iat + 120,
    ...claims,
  });
}
