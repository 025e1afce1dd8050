import { parseArgs } from 'node:util';
import { ArchiveKeys } from '../server/backup/archiveKeys.ts';
import { verifyArchive } from '../server/backup/load.ts';
import { archiveTime } from '../server/backup/names.ts';
import { archivesAt, pickBackup, takeBackup } from '../server/backup/take.ts';
import { MasterKeys } from '../server/keys/MasterKeys.ts';
import { PatientKeys } from '../server/keys/PatientKeys.ts';
import { masterKeysOf, openInstallation } from './backup/installation.ts';
import { targetFrom } from './backup/target.ts';
import { moment, size, worded } from './backup/words.ts';
import { createSteps, printFailure } from './support/log.ts';
import { readSettings } from './support/settings.ts';
import { SetupError } from './support/SetupError.ts';

const usage = 'npm run backup [-- now | list | verify [name]] [-- --to <folder or s3://bucket/prefix>]';
const print = (line: string): void => void process.stdout.write(`${line}\n`);
const steps = createSteps(print);

async function main(): Promise<void> {
  const { values, positionals } = parse();
  const { env } = readSettings(process.env);
  const { target } = targetFrom(env, values.to);
  const [command = 'now', name] = positionals;

  if (command === 'list') {
    const found = await archivesAt(target);
    for (const { name, at, bytes } of found) print(`${moment(at)}  ${size(bytes).padStart(10)}  ${name}`);
    print(`${found.length} backup${found.length === 1 ? '' : 's'} at ${target.title}`);
  } else if (command === 'verify') {
    const keys = new ArchiveKeys(await masterKeysOf(env));
    const file = name === undefined ? (await pickBackup(target)).archive : await target.find(name);
    if (!file) throw new SetupError(`There is no backup ${name} at ${target.title}.`, 'npm run backup -- list');
    const manifest = await steps.run(`reading back ${file.name}`, () => verifyArchive(keys, target, file));
    const documents = manifest.collections.reduce((sum, one) => sum + one.documents, 0);
    print(
      `Every byte is as it was written: ${documents} documents of ${moment(archiveTime(file.name) ?? manifest.startedAt)}.`,
    );
  } else if (command === 'now') {
    const installation = await openInstallation(env, { step: print, info: print });
    try {
      const { db, engine, masterKeys } = installation;
      const patientKeys = new PatientKeys(db, new MasterKeys(masterKeys), Date.now);
      const archiveKeys = new ArchiveKeys(masterKeys);
      const taken = await steps.run('backup', () =>
        takeBackup({ db, engine, target, archiveKeys, patientKeys, now: Date.now }),
      );
      print(`${taken.name}, ${size(taken.bytes)}, at ${target.title}`);
    } finally {
      await installation.close();
    }
  } else {
    throw new SetupError(`There is no "${command}".`, usage);
  }
}

function parse() {
  try {
    return parseArgs({ allowPositionals: true, options: { to: { type: 'string' } } });
  } catch {
    throw new SetupError('That is not understood.', usage);
  }
}

try {
  await main();
} catch (error) {
  printFailure(worded(error));
  process.exitCode = 1;
}
