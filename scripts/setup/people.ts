import { randomInt } from 'node:crypto';
import path from 'node:path';
import { emailAddress } from '../../shared/contract/passwords.ts';
import { DemoPeopleError, makeFirstPeople } from '../../server/seed/firstPeople.ts';
import { MasterKeys } from '../../server/keys/MasterKeys.ts';
import { PatientKeys } from '../../server/keys/PatientKeys.ts';
import { migrate, migrations } from '../../server/store/migrations/index.ts';
import { connectMongo } from '../../server/store/mongo.ts';
import { startDatabase } from '../services/database/index.ts';
import { EMBEDDED } from '../support/checkSettings.ts';
import { ensureDataFolder, lockDataFolder } from '../support/dataFolder.ts';
import type { StepLog } from '../support/log.ts';
import { readRunning } from '../support/running.ts';
import { messageOf, SetupError } from '../support/SetupError.ts';
import type { Answers, Env } from './answers.ts';

/** What came of the first people. */
export interface MadePeople {
  /** False: there was an admin already. */
  readonly made: boolean;
  /** The password that was made up, to be shown once; null when it was given, or nobody was made. */
  readonly password: string | null;
}

/** Without what is mistaken for another when it is read out. */
const letters = 'abcdefghjkmnpqrstuvwxyz23456789';

/** Twenty letters in four groups: 98 bits. */
export function madeUpPassword(random: (below: number) => number = (below) => randomInt(below)): string {
  const group = (): string => Array.from({ length: 5 }, () => letters[random(letters.length)]).join('');
  return Array.from({ length: 4 }, group).join('-');
}

/**
 * Makes clinic and first admin in the clinic's database, starting the embedded one for the while when that is what it uses.
 * @throws SetupError
 */
export async function makePeople(env: Env, answers: Answers, log: StepLog): Promise<MadePeople> {
  const password = answers.adminPassword || madeUpPassword();
  const undo: (() => Promise<unknown>)[] = [];
  try {
    const uri = env['MONGODB_URI'] || (await embedded(env, log, undo));
    const mongo = await connectMongo(uri, env['MONGODB_DB'] ?? 'nadi').catch((error: unknown) => {
      throw new SetupError(`The database does not answer: ${messageOf(error)}`, 'Correct its address and start again.');
    });
    undo.push(() => mongo.close());
    log.step('clinic and first admin');
    const masterKeys = [env['NADI_KEY'] ?? '', ...(env['NADI_OLD_KEYS'] ?? '').split(',')].filter((key) => key !== '');
    const keys = masterKeys.length > 0 ? new PatientKeys(mongo.db, new MasterKeys(masterKeys), Date.now) : undefined;
    await migrate(mongo.db, Date.now, migrations, keys);
    const clinic = {
      name: answers.clinicName ?? '',
      address: answers.clinicAddress ?? '',
      zone: answers.zone ?? 'UTC',
    };
    const email = emailAddress.parse(answers.adminEmail);
    const admin = { name: answers.adminName ?? '', email, password };
    const made = await makeFirstPeople(mongo.db, { clinic, admin }, Date.now());
    return { made, password: made && !answers.adminPassword ? password : null };
  } catch (error) {
    if (error instanceof DemoPeopleError) {
      throw new SetupError(
        `A clinic cannot begin here: ${error.message}.`,
        'Choose another folder (--data-dir) or another database (MONGODB_DB).',
      );
    }
    throw error;
  } finally {
    for (const step of undo.toReversed()) await step();
  }
}

async function embedded(env: Env, log: StepLog, undo: (() => Promise<unknown>)[]): Promise<string> {
  const dataDir = env['NADI_DATA'];
  if (env[EMBEDDED] !== '1' || dataDir === undefined) {
    throw new SetupError('There is no database to write to.', `Set MONGODB_URI, or ${EMBEDDED}=1 and NADI_DATA.`);
  }
  const running = await readRunning(dataDir);
  if (running) return running.mongodbUri;
  await ensureDataFolder(dataDir);
  undo.push(await lockDataFolder(dataDir));
  const database = await startDatabase({ dataDir: path.join(dataDir, 'database'), log });
  undo.push(() => database.stop());
  return database.uri;
}
