import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp } from '../../../server/app.ts';
import { readConfig } from '../../../server/config.ts';
import { MasterKeys } from '../../../server/keys/MasterKeys.ts';
import { PatientKeys } from '../../../server/keys/PatientKeys.ts';
import type { Doc } from '../../../server/store/mongo.ts';
import { parseSfuConfig } from '../../../sfu/config.ts';
import { createSfu } from '../../../sfu/SfuNode.ts';
import { checks } from '../../../scripts/doctor/checks/index.ts';
import { createContext, type Options } from '../../../scripts/doctor/context.ts';
import { diagnose, type Result } from '../../../scripts/doctor/diagnose.ts';
import { ensureMediaWorker } from '../../../scripts/services/mediaWorker.ts';
import { writeRunning } from '../../../scripts/support/running.ts';
import { generateSecrets } from '../../../scripts/support/secrets.ts';
import { Authority, type Pair } from '../../support/authority.ts';
import { startCoturn } from '../../support/coturn.ts';
import { testDatabase } from '../../support/database.ts';
import { freePort } from '../../support/ports.ts';
import { MailServer } from '../../support/providers/mailServer.ts';
import { startRedis } from '../../support/redisProcess.ts';
import { startTimeServer } from '../../support/timeServer.ts';
import { startTlsProxy, type Faults } from '../../support/tlsProxy.ts';
import { until } from '../../support/until.ts';

const quiet = { step: () => undefined, info: () => undefined };

export type Env = Readonly<Record<string, string>>;

/** A clinic's installation as it should be: production, TLS, Redis, mail, TURN, media, all of it real and running. */
export interface Installation {
  readonly env: Env;
  /** The settings file that says it. */
  readonly file: string;
  readonly folder: string;
  readonly authority: Authority;
  readonly origins: { readonly hub: string; readonly sfu: string };
  /** The same public address behind another proxy, until the next one. */
  behind(pair: Pair, faults?: Faults): Promise<void>;
  /** Behind the proper one again. */
  mend(): Promise<void>;
  stopMedia(): Promise<void>;
  /** What the doctor says, with these settings over those of the file. */
  examine(more?: Env, options?: Partial<Options>, only?: readonly string[]): Promise<Result[]>;
  close(): Promise<void>;
}

export async function startInstallation(): Promise<Installation> {
  const undo: (() => Promise<unknown>)[] = [];
  const later = <T>(value: T, end: (value: T) => Promise<unknown>): T => {
    undo.push(() => end(value));
    return value;
  };
  const folder = later(await mkdtemp(join(tmpdir(), 'nadi-doctor-')), async (one) => rm(one, { recursive: true }));
  const dataDir = join(folder, 'data');
  await mkdir(dataDir, { mode: 0o700 });
  const [database, authority, redis, turn, clock, workerBin] = await Promise.all([
    testDatabase(),
    Authority.create(),
    startRedis(),
    startCoturn(),
    startTimeServer(),
    ensureMediaWorker(quiet),
  ]);
  later(database, (one) => one.drop());
  later(authority, (one) => one.close());
  later(redis, (one) => one.stop());
  later(turn, async (one) => one[Symbol.asyncDispose]());
  later(clock, (one) => one.close());
  const mail = later(new MailServer(), (one) => one.close());
  const [port, sfuPort, rtcPort] = [await freePort(), await freePort(), await freePort()];
  const origins = { hub: `http://127.0.0.1:${port}`, sfu: `http://127.0.0.1:${sfuPort}` };
  const proper = await authority.issue({ names: ['localhost'] });
  let proxy = await startTlsProxy(proper, origins);
  undo.push(() => proxy.close());
  const behind = async (pair: Pair, faults: Faults = {}): Promise<void> => {
    await proxy.close();
    proxy = await startTlsProxy(pair, origins, faults, proxy.port);
  };
  const publicUrl = `https://localhost:${proxy.port}`;
  const env = {
    ...generateSecrets(),
    ...{ NADI_MODE: 'production', NADI_DATA: dataDir, NADI_PUBLIC_URL: publicUrl, PORT: String(port) },
    ...{ MONGODB_URI: database.uri, MONGODB_DB: database.dbName, REDIS_URL: redis.url, NADI_DRAIN_MS: '0' },
    ...{ NADI_SFU_NODES: origins.sfu, SFU_PORT: String(sfuPort), SFU_RTC_PORT: String(rtcPort), SFU_WORKERS: '1' },
    ...{ SFU_PUBLIC_URL: publicUrl, SFU_ALLOWED_ORIGINS: publicUrl, SFU_SPOOL_DIR: join(dataDir, 'recordings') },
    SFU_TURN_URLS: `turn:127.0.0.1:${turn.port}?transport=udp,turn:127.0.0.1:${turn.port}?transport=tcp`,
    ...{ SFU_TURN_SECRET: turn.secret, MEDIASOUP_WORKER_BIN: workerBin, LOG_LEVEL: 'fatal' },
    ...{ SMTP_URL: await mail.start(), MAIL_FROM: 'Clinic <desk@clinic.example>' },
    ...{ NADI_VAPID_SUBJECT: 'mailto:desk@clinic.example', NADI_BACKUP_TARGET: join(folder, 'backups') },
  };
  const file = join(folder, 'nadi.env');
  await writeFile(
    file,
    Object.entries(env)
      .map(([name, value]) => `${name}="${value}"\n`)
      .join(''),
    { mode: 0o600 },
  );
  await chmod(file, 0o600);

  const media = await createSfu(parseSfuConfig(env));
  undo.push(() => media.close());
  const app = later(await createApp(readConfig(env)), (one) => one.close());
  await new PatientKeys(database.db, new MasterKeys([env.NADI_KEY]), Date.now).keyOf('patient');
  const run = { pid: process.pid, port, sfuPort, rtcPort, mediaWorker: workerBin };
  const startedAt = Date.now();
  const last = { _id: new Date(startedAt).toISOString(), kind: 'backup', state: 'done', hub: 'test', attempts: 1 };
  await database.db.collection<Doc>('backups').insertOne({ ...last, startedAt, aliveAt: startedAt });
  await writeRunning(dataDir, { ...run, mongodbUri: database.uri, engine: 'test' });
  await until('the hub is ready', async () => (await fetch(`${app.url}/readyz`)).ok);

  return {
    ...{ env, file, folder, authority, origins },
    behind,
    mend: () => behind(proper),
    stopMedia: async () => await media.close(),
    examine: async (more = {}, options = {}, only = checks.map(({ id }) => id)) => {
      const given = { offline: false, ntp: clock.address, sendMail: null, ca: authority.ca, answerMs: 15_000 };
      const context = await createContext({ NADI_CONFIG: file, ...more }, { ...given, ...options });
      try {
        return await diagnose(
          checks.filter(({ id }) => only.includes(id)),
          context,
        );
      } finally {
        await context.close();
      }
    },
    close: async () => {
      for (const end of undo.toReversed()) await end();
    },
  };
}
