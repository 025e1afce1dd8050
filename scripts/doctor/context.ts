import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Db } from 'mongodb';
import { z } from 'zod';
import { ConfigError, readConfig, type Config } from '../../server/config.ts';
import { connectMongo, type Mongo } from '../../server/store/mongo.ts';
import { parseSfuConfig, SfuConfigError, type SfuConfig } from '../../sfu/config.ts';
import { hubService, sfuService } from '../supervise/services.ts';
import { ROOT } from '../support/paths.ts';
import { portFrom } from '../support/ports.ts';
import { readRunning, type Running } from '../support/running.ts';
import { generateSecrets } from '../support/secrets.ts';
import { looseSettings, type LooseSettings } from '../support/settings.ts';
import { messageOf } from '../support/SetupError.ts';

export interface Options {
  /** Asks nothing outside of this installation: no time server, no provider. */
  readonly offline: boolean;
  /** Time server, `host` or `host:port`. */
  readonly ntp: string;
  /** Whom to send one mail; null: none. */
  readonly sendMail: string | null;
  /** How long whoever is asked may take to answer, ms. */
  readonly answerMs: number;
  /** Certificate authorities to trust instead of the system's, PEM. */
  readonly ca?: string | undefined;
}

/** Thrown by a check when there is nothing to look at; counts as skipped. */
export class Skip extends Error {}

/** What the checks look at. Settings that cannot be read are null, and `problems` says why. */
export interface Context {
  readonly settings: LooseSettings;
  readonly env: NodeJS.ProcessEnv;
  readonly dataDir: string;
  readonly running: Running | null;
  readonly mode: string;
  readonly hub: Config | null;
  /** Null also on a machine that has no media node. */
  readonly sfu: SfuConfig | null;
  readonly problems: readonly string[];
  /** There are no secrets yet: it was never started. */
  readonly fresh: boolean;
  /** No MONGODB_URI: the database belongs to `npm start`. */
  readonly embedded: boolean;
  readonly options: Options;
  readonly now: () => number;
  /** Connected once for all checks. @throws Skip when there is none to reach; what the driver says. */
  database(): Promise<Db>;
  close(): Promise<void>;
}

const nowhere = 'mongodb://127.0.0.1:1/';

/** Gathers what an installation is told: settings file, environment, demo secrets, and what a running `npm start` wrote down. */
export async function createContext(environment: NodeJS.ProcessEnv, options: Options): Promise<Context> {
  const settings = looseSettings(environment);
  const given = settings.env;
  const dataDir = path.resolve(given['NADI_DATA'] ?? path.join(ROOT, 'data'));
  const running = await readRunning(dataDir);
  const mode = given['NADI_MODE'] ?? 'demo';
  const known = mode === 'demo' ? await secretsIn(dataDir) : {};
  const fresh = mode === 'demo' && known === null && given['NADI_KEY'] === undefined;
  const embedded = (given['MONGODB_URI'] ?? '') === '';
  const uri = embedded ? running?.mongodbUri : given['MONGODB_URI'];
  const problems: string[] = [];

  const env = settle(given, {
    ...{ dataDir, running, uri: uri ?? nowhere, secrets: fresh ? generateSecrets() : (known ?? {}) },
    problems,
  });
  const hub = attempt(() => readConfig(env.hub), problems);
  const hasNode = Object.keys(given).some((name) => name.startsWith('SFU_')) || env.sfu['NADI_GRANT_PUBLIC_KEY'];
  const sfu = hasNode ? attempt(() => parseSfuConfig(env.sfu), problems) : null;

  let connected: Promise<Mongo> | null = null;
  return {
    ...{
      settings,
      env: { ...env.hub, ...env.sfu },
      dataDir,
      running,
      mode,
      hub,
      sfu,
      problems,
      fresh,
      embedded,
      options,
    },
    now: Date.now,
    database: async () => {
      if (uri === undefined) throw new Skip('the embedded database runs only with npm start');
      connected ??= connectMongo(uri, hub?.mongo.db ?? given['MONGODB_DB'] ?? 'nadi', options.answerMs);
      return (await connected).db;
    },
    close: async () => {
      const mongo = await connected?.catch(() => null);
      await mongo?.close();
    },
  };
}

interface Found {
  readonly dataDir: string;
  readonly running: Running | null;
  readonly uri: string;
  readonly secrets: Readonly<Record<string, string>>;
  readonly problems: string[];
}

/** The environments that `npm start` gives hub and media node. */
function settle(given: NodeJS.ProcessEnv, { dataDir, running, uri, secrets, problems }: Found) {
  const port = attempt(() => portFrom(given, 'PORT', 3000), problems) ?? 3000;
  const installation = {
    ...{ env: given, dist: path.join(ROOT, 'dist'), dataDir, port, mongodbUri: uri, secrets },
    sfuPort: attempt(() => portFrom(given, 'SFU_PORT', port + 1), problems) ?? port + 1,
    rtcPort: attempt(() => portFrom(given, 'SFU_RTC_PORT', 40_000), problems) ?? 40_000,
    engine: running?.engine ?? given['NADI_ENGINE'] ?? 'MONGODB_URI',
    mediaWorker: running ? (running.mediaWorker ?? undefined) : (given['MEDIASOUP_WORKER_BIN'] ?? ''),
  };
  return { hub: hubService(installation).env(), sfu: sfuService(installation).env() };
}

function attempt<T>(read: () => T, problems: string[]): T | null {
  try {
    return read();
  } catch (error) {
    const lines = messageOf(error).split('\n');
    const told = error instanceof ConfigError || error instanceof SfuConfigError ? lines.slice(1) : lines;
    problems.push(...told.map((line) => line.replace(/^[\s-]+/, '')));
    return null;
  }
}

/** The demo's secrets without making any; null when there are none that this user may read. */
async function secretsIn(dataDir: string): Promise<Record<string, string> | null> {
  try {
    const text = await readFile(path.join(dataDir, 'demo-secrets.json'), 'utf8');
    return z.record(z.string(), z.string()).parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/** Needed by most checks. @throws Skip: what is wrong with the settings is told by the check of the settings. */
export function hubConfig({ hub }: Context): Config {
  if (hub === null) throw new Skip('the settings cannot be read; see above');
  return hub;
}

/** Where the hub of this machine answers, whatever stands before it. */
export function hubUrl(context: Context): string {
  const { port, host } = hubConfig(context);
  return `http://${host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host}:${port}`;
}
