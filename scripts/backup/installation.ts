import path from 'node:path';
import type { Db } from 'mongodb';
import { connectMongo } from '../../server/store/mongo.ts';
import { startDatabase } from '../services/database/index.ts';
import { ensureDataFolder, lockDataFolder } from '../support/dataFolder.ts';
import type { StepLog } from '../support/log.ts';
import { ROOT } from '../support/paths.ts';
import { readRunning } from '../support/running.ts';
import { demoSecrets } from '../support/secrets.ts';
import { messageOf, SetupError } from '../support/SetupError.ts';

export interface Installation {
  readonly db: Db;
  /** `NADI_KEY`, then the older ones. */
  readonly masterKeys: readonly string[];
  readonly engine: string;
  readonly uri: string;
  /** Whether a hub works on it right now, as far as this machine knows. */
  readonly running: boolean;
  close(): Promise<void>;
}

export function dataFolderOf(env: NodeJS.ProcessEnv): string {
  return path.resolve(env['NADI_DATA'] ?? path.join(ROOT, 'data'));
}

/** The master keys of the settings; a demo keeps its own beside its data. @throws SetupError without one. */
export async function masterKeysOf(env: NodeJS.ProcessEnv): Promise<string[]> {
  const older = (env['NADI_OLD_KEYS'] ?? '').split(',').filter((key) => key !== '');
  const key = env['NADI_KEY'];
  if (key !== undefined && key !== '') return [key, ...older];
  if ((env['NADI_MODE'] ?? 'demo') === 'demo') {
    const folder = dataFolderOf(env);
    await ensureDataFolder(folder, 1);
    return [(await demoSecrets(folder)).secrets.NADI_KEY, ...older];
  }
  throw new SetupError(
    'There is no NADI_KEY, which backups are sealed with.',
    'Put it into nadi.env (recovery sheet).',
  );
}

/**
 * The installation's database: `MONGODB_URI`, else that of the running `npm start`, else the embedded one, started for this command.
 * @throws SetupError
 */
export async function openInstallation(env: NodeJS.ProcessEnv, log: StepLog): Promise<Installation> {
  const masterKeys = await masterKeysOf(env);
  const folder = dataFolderOf(env);
  const undo: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const step of undo.splice(0).toReversed()) await step();
  };
  try {
    const run = await readRunning(folder);
    let uri = env['MONGODB_URI'] ?? run?.mongodbUri;
    let engine = run?.engine ?? env['NADI_ENGINE'] ?? 'MONGODB_URI';
    if (uri === undefined || uri === '') {
      await ensureDataFolder(folder);
      undo.push(await lockDataFolder(folder));
      const database = await startDatabase({ dataDir: path.join(folder, 'database'), log });
      undo.push(() => database.stop());
      ({ uri, engine } = database);
    }
    const mongo = await connectMongo(uri, env['MONGODB_DB'] ?? 'nadi').catch((error: unknown) => {
      throw new SetupError(`The database does not answer: ${messageOf(error)}`, 'Check MONGODB_URI and that it runs.');
    });
    undo.push(() => mongo.close());
    return { db: mongo.db, masterKeys, engine, uri, running: run !== null, close };
  } catch (error) {
    await close();
    throw error;
  }
}
