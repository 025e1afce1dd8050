import path from 'node:path';
import type { Secrets } from '../support/secrets.ts';
import type { ServiceSpec } from './ServiceProcess.ts';

/** What hub and SFU are told on this machine. */
export interface Installation {
  /** The environment `npm start` was given; what it sets wins over what is derived here. */
  env: NodeJS.ProcessEnv;
  dist: string;
  dataDir: string;
  port: number;
  sfuPort: number;
  rtcPort: number;
  mongodbUri: string;
  engine: string;
  /** Empty outside of demo mode, where everything comes from the environment. */
  secrets: Partial<Secrets>;
  /** Absent when no media worker could be had: the hub then runs without a media node. */
  mediaWorker: string | undefined;
}

/** What any process of this machine may need; no secrets. */
const SYSTEM = ['PATH', 'HOME', 'USER', 'TZ', 'TMPDIR', 'LOG_LEVEL', 'NODE_EXTRA_CA_CERTS', 'NODE_OPTIONS'];

/** The hub as a service: needs the database, signs grants. */
export function hubService(installation: Installation): ServiceSpec {
  const { env, dist, port, sfuPort, secrets, mediaWorker } = installation;
  return {
    name: 'hub',
    args: () => ['--enable-source-maps', path.join(dist, 'server.mjs')],
    stopMs: 10_000,
    env: () => ({
      NODE_ENV: 'production',
      NADI_MODE: 'demo',
      NADI_SECRET: secrets.NADI_SECRET,
      NADI_KEY: secrets.NADI_KEY,
      NADI_OLD_KEYS: secrets.NADI_OLD_KEYS,
      NADI_GRANT_PRIVATE_KEY: secrets.NADI_GRANT_PRIVATE_KEY,
      NADI_AUDIT_PRIVATE_KEY: secrets.NADI_AUDIT_PRIVATE_KEY,
      NADI_SFU_SECRET: secrets.NADI_SFU_SECRET,
      NADI_VAPID_PUBLIC_KEY: secrets.NADI_VAPID_PUBLIC_KEY,
      NADI_VAPID_PRIVATE_KEY: secrets.NADI_VAPID_PRIVATE_KEY,
      NADI_SFU_NODES: mediaWorker === undefined ? '' : `http://127.0.0.1:${sfuPort}`,
      NADI_CLIENT_DIR: path.join(dist, 'client'),
      ...pick(env, (name) => SYSTEM.includes(name) || /^(NADI|MONGODB|REDIS|SMTP|MAIL|TWILIO|TELEGRAM)_/.test(name)),
      PORT: String(port),
      NADI_DATA: installation.dataDir,
      NADI_ENGINE: installation.engine,
      MONGODB_URI: installation.mongodbUri,
    }),
  };
}

/** The media node as a service: knows the public half of the grant key only, and nothing of the database. */
export function sfuService(installation: Installation): ServiceSpec {
  const { env, dist, port, sfuPort, rtcPort, secrets, mediaWorker } = installation;
  return {
    name: 'sfu',
    args: () => ['--enable-source-maps', path.join(dist, 'sfu.mjs')],
    stopMs: 10_000,
    env: () => ({
      NODE_ENV: 'production',
      NADI_GRANT_PUBLIC_KEY: secrets.NADI_GRANT_PUBLIC_KEY,
      NADI_SFU_SECRET: secrets.NADI_SFU_SECRET,
      SFU_SPOOL_DIR: path.join(installation.dataDir, 'recordings'),
      SFU_PUBLIC_URL: `http://localhost:${sfuPort}`,
      SFU_ALLOWED_ORIGINS: `http://localhost:${port},http://127.0.0.1:${port}`,
      ...pick(env, (name) => SYSTEM.includes(name) || name.startsWith('SFU_')),
      ...pick(env, (name) => name === 'NADI_GRANT_PUBLIC_KEY' || name === 'NADI_SFU_SECRET'),
      SFU_PORT: String(sfuPort),
      SFU_RTC_PORT: String(rtcPort),
      MEDIASOUP_WORKER_BIN: mediaWorker,
    }),
  };
}

function pick(env: NodeJS.ProcessEnv, wanted: (name: string) => boolean): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name, value]) => value !== undefined && wanted(name)));
}
