import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import type { Db } from 'mongodb';
import { ArchiveKeys } from '../server/backup/archiveKeys.ts';
import { keyIdOf } from '../server/backup/archive.ts';
import { isEmpty, restore, restoreOf, type RestoreReport } from '../server/backup/load.ts';
import { pickBackup } from '../server/backup/take.ts';
import { masterKeysOf, openInstallation } from './backup/installation.ts';
import { targetFrom } from './backup/target.ts';
import { moment, size, worded } from './backup/words.ts';
import { createSteps, printFailure } from './support/log.ts';
import { readSettings } from './support/settings.ts';
import { SetupError } from './support/SetupError.ts';

const usage =
  'npm run restore -- [--from <folder or s3://bucket/prefix>] [--at <time, e.g. 2026-11-20T18:00Z, or latest>] [--data <folder>] [--replace]';
const print = (line: string): void => void process.stdout.write(`${line}\n`);
const steps = createSteps(print);

async function main(): Promise<void> {
  const wanted = parse();
  const settings = readSettings(process.env);
  const env = { ...settings.env, ...(wanted.data === undefined ? {} : { NADI_DATA: wanted.data }) };
  const { target } = targetFrom(env, wanted.from);
  const { archive: file, keyring } = await pickBackup(target, wanted.until);
  // The key first: nothing is touched without it.
  const masterKeys = await masterKeysOf(env);
  const archiveKeys = new ArchiveKeys(masterKeys);
  archiveKeys.named(await keyIdOf('backup', target, file));
  archiveKeys.named(await keyIdOf('keyring', target, keyring));
  print(`${file.name}, ${size(file.bytes)}, of ${moment(file.at)}`);

  const installation = await openInstallation(env, { step: print, info: print });
  const { db } = installation;
  try {
    if (installation.running) {
      throw new SetupError('Nadi runs on this data.', 'Stop it first (Ctrl-C where npm start runs), then restore.');
    }
    const before = await restoreOf(db);
    if (before?.state === 'running') print(`  A restore of ${before.archive} was interrupted here: it begins anew.`);
    else if (wanted.replace && !(await isEmpty(db))) await emptied(db);
    const report = await steps.run('restore', (log) =>
      restore({ db, target, file, keyring, masterKeys, archiveKeys, now: Date.now, step: (title) => log.step(title) }),
    );
    told(report);
  } finally {
    await installation.close();
  }
}

/** What is there goes, once somebody has typed its name. */
async function emptied(db: Db): Promise<void> {
  const question = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await question.question(
    `  Everything in the database "${db.databaseName}" will be DELETED. Type its name to go on: `,
  );
  question.close();
  if (answer.trim() !== db.databaseName)
    throw new SetupError('Nothing was changed.', 'Type the name as it is written.');
  await db.dropDatabase();
}

function told({ manifest, counts, keys, epoch }: RestoreReport): void {
  for (const { name, wanted, found } of counts) {
    // Streams get a mark of the new epoch, and the restore notes itself.
    const own = name === 'streams' || name === 'meta' ? 1 : 0;
    const differs = found - own === wanted ? '' : '   ← other than in the backup: what had expired is removed';
    print(`  ${name.padEnd(20)} ${String(found - own).padStart(9)} of ${String(wanted).padStart(9)}${differs}`);
  }
  print(`  keys of patients: ${keys.added} opened, ${keys.destroyed} destroyed for good`);
  print(`The state of ${moment(manifest.cut)} is restored (epoch ${epoch}). Everybody signs in again: npm start`);
}

function parse(): { from?: string; until: number; data?: string; replace: boolean } {
  const options = {
    from: { type: 'string' },
    at: { type: 'string', default: 'latest' },
    data: { type: 'string' },
    replace: { type: 'boolean', default: false },
  } as const;
  let values;
  try {
    ({ values } = parseArgs({ options }));
  } catch {
    throw new SetupError('That is not understood.', usage);
  }
  const { at, replace, from, data } = values;
  const until = at === 'latest' ? Infinity : Date.parse(at);
  if (Number.isNaN(until)) throw new SetupError(`"${at}" is no time.`, usage);
  return { until, replace, ...(from === undefined ? {} : { from }), ...(data === undefined ? {} : { data }) };
}

try {
  await main();
} catch (error) {
  printFailure(worded(error));
  process.exitCode = 1;
}
