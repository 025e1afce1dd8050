import path from 'node:path';
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { ArchiveKeys } from '../server/backup/archiveKeys.ts';
import { restore } from '../server/backup/load.ts';
import { keyringName } from '../server/backup/names.ts';
import { takeBackup } from '../server/backup/take.ts';
import { MasterKeys } from '../server/keys/MasterKeys.ts';
import { PatientKeys } from '../server/keys/PatientKeys.ts';
import { version } from '../server/support/version.ts';
import { dataFolderOf, openInstallation } from './backup/installation.ts';
import { targetFrom } from './backup/target.ts';
import { moment, worded } from './backup/words.ts';
import { ensureDataFolder } from './support/dataFolder.ts';
import { printFailure } from './support/log.ts';
import { ROOT } from './support/paths.ts';
import { run } from './support/run.ts';
import { readSettings } from './support/settings.ts';
import { SetupError } from './support/SetupError.ts';
import { lastUpgrade, rollback, upgrade, type UpgradeSteps } from './upgrade/flow.ts';
import { probeHub } from './upgrade/probe.ts';

const usage = 'npm run upgrade -- <tag, branch or commit>, or: npm run upgrade -- rollback';
/** A build, the packages of two versions and a database that is being changed, MiB. */
const leastFreeMib = 2_048;
const print = (line: string): void => void process.stdout.write(`  ${line}\n`);

async function main(): Promise<void> {
  const [wanted] = parseArgs({ allowPositionals: true }).positionals;
  if (wanted === undefined) throw new SetupError('To which version?', usage);
  const { env } = readSettings(process.env);
  const dataDir = dataFolderOf(env);
  await ensureDataFolder(dataDir, leastFreeMib);
  const { target } = targetFrom(env);
  await target.list();
  const installation = await openInstallation(env, { step: print, info: print });
  try {
    if (installation.running) {
      throw new SetupError(
        'Nadi is running.',
        'Stop it first (every hub of it), so that nothing is lost by a rollback.',
      );
    }
    const { db, engine, uri, masterKeys } = installation;
    const archiveKeys = new ArchiveKeys(masterKeys);
    const steps: UpgradeSteps = {
      noteFile: path.join(dataDir, 'upgrade.json'),
      version,
      say: print,
      git: (...args) => ran('git', args),
      backup: async () => {
        const patientKeys = new PatientKeys(db, new MasterKeys(masterKeys), Date.now);
        return (await takeBackup({ db, engine, target, archiveKeys, patientKeys, now: Date.now })).name;
      },
      restore: async (name) => {
        const [file, keyring] = [await target.find(name), await target.find(keyringName)];
        if (!file || !keyring) throw new SetupError(`The backup ${name} is gone.`, 'npm run backup -- list');
        await db.dropDatabase();
        await restore({ db, target, file, keyring, masterKeys, archiveKeys, now: Date.now, step: print });
      },
      // Installs when the lock file differs, then builds what changed.
      install: async () => void (await ran(process.execPath, [path.join(ROOT, 'scripts/bootstrap.mjs'), 'build'])),
      probe: () => probeHub({ env, dataDir, mongodbUri: uri, engine }),
    };
    if (wanted === 'rollback') {
      await sure(steps.noteFile);
      const back = await rollback(steps);
      print(`Version ${back.version} is back. Start it: npm start`);
    } else {
      const done = await upgrade(steps, wanted);
      print(done ? `${wanted} is installed and runs. Start it: npm start` : `${wanted} is what runs here already.`);
    }
  } finally {
    await installation.close();
  }
}

/** After an upgrade that succeeded people have worked with it: what they did since is lost by going back. */
async function sure(noteFile: string): Promise<void> {
  const last = await lastUpgrade(noteFile);
  if (last?.phase !== 'done') return;
  const question = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await question.question(
    `  Everything since ${moment(last.startedAt)} will be LOST. Type ${last.version} to go back to it: `,
  );
  question.close();
  if (answer.trim() !== last.version)
    throw new SetupError('Nothing was changed.', 'Type the version as it is written.');
}

async function ran(program: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(program, args, { cwd: ROOT });
  if (code === 0) return stdout.trim();
  const last = `${stdout}\n${stderr}`.trim().split('\n').slice(-8).join('\n');
  throw new SetupError(`${path.basename(program)} ${args.join(' ')} failed:\n${last}`, 'See the lines above.');
}

try {
  await main();
} catch (error) {
  printFailure(worded(error));
  process.exitCode = 1;
}
