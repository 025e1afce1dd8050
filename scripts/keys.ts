import { createInterface } from 'node:readline/promises';
import path from 'node:path';
import { MasterKeys } from '../server/keys/MasterKeys.ts';
import { connectMongo } from '../server/store/mongo.ts';
import { KeyFile } from './keys/keyFile.ts';
import { keyStatus, mastersOf, rotate, type KeyStatus } from './keys/rotation.ts';
import { groupsOf, keyOf, SheetError } from './keys/sheet.ts';
import { startDatabase } from './services/database/index.ts';
import { lockDataFolder } from './support/dataFolder.ts';
import { printFailure } from './support/log.ts';
import { ROOT } from './support/paths.ts';
import { readRunning } from './support/running.ts';
import { readSettings } from './support/settings.ts';
import { SetupError } from './support/SetupError.ts';

const usage = `npm run keys -- <what>
  status   which master keys there are, by fingerprint, and how many patients' keys each one wraps
  check    the same, and opens every key
  rotate   a new master key; the old one is kept until everything is wrapped anew
  sheet    the master key as text to print and lock away
  enter    takes a master key from its sheet into the settings (--old: as an older one)`;

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const { env, file } = settled();
const dataDir = path.resolve(env['NADI_DATA'] ?? path.join(ROOT, 'data'));
const keyFile = new KeyFile(file ?? path.join(dataDir, 'demo-secrets.json'));

function settled() {
  try {
    return readSettings(process.env);
  } catch (error) {
    printFailure(error);
    return process.exit(1);
  }
}

/** Works on the installation's database: the one of the settings, of the run that is on, or the embedded one started for it. */
async function withDatabase<T>(work: (db: Awaited<ReturnType<typeof connectMongo>>['db']) => Promise<T>): Promise<T> {
  const undo: (() => Promise<unknown>)[] = [];
  try {
    let uri = env['MONGODB_URI'] ?? (await readRunning(dataDir))?.mongodbUri;
    if (uri === undefined) {
      undo.push(await lockDataFolder(dataDir));
      const log = { step: () => undefined, info: () => undefined };
      const started = await startDatabase({ dataDir: path.join(dataDir, 'database'), log });
      undo.push(() => started.stop());
      uri = started.uri;
    }
    const mongo = await connectMongo(uri, env['MONGODB_DB'] ?? 'nadi');
    undo.push(() => mongo.close());
    return await work(mongo.db);
  } finally {
    for (const step of undo.toReversed()) await step();
  }
}

function show({ current, old, wrapped, destroyed, unsealed }: KeyStatus): void {
  const of = (kid: string): string => `${wrapped[kid] ?? 0} keys`;
  print(`master key  ${current}  wraps ${of(current)}`);
  for (const kid of old)
    print(
      `older key   ${kid}  wraps ${of(kid)}${wrapped[kid] === undefined ? ': not needed for the database any more' : ''}`,
    );
  for (const kid of Object.keys(wrapped)) {
    if (kid !== current && !old.includes(kid))
      print(`missing key ${kid}  wraps ${of(kid)}: cannot be opened without it`);
  }
  print(`destroyed   ${destroyed} keys`);
  const { events, files } = unsealed;
  if (events + files > 0)
    print(`in the clear: ${events} messages and ${files} files of an older version; the next start seals them`);
}

async function check(open: boolean): Promise<number> {
  const held = await keyFile.read();
  const status = await withDatabase((db) => keyStatus(db, held, open));
  show(status);
  if (open) print(status.broken.length === 0 ? 'every key opens' : `${status.broken.length} keys do not open`);
  return status.broken.length === 0 ? 0 : 1;
}

async function rotateNow(): Promise<number> {
  await keyFile.refuseOverridden(process.env);
  const done = await withDatabase((db) => rotate(db, keyFile, Date.now));
  print(`master key now ${done.current}, in ${keyFile.path}`);
  if (done.state === 'restart') {
    print(`${done.hubs} running hub(s) do not know it yet. Nothing is wrapped by it so far, all goes on as before.`);
    print('Start Nadi again (every machine, with this settings file), then run this command once more.');
    return 0;
  }
  print(`${done.rewrapped} keys wrapped anew; everything in the database opens with the new key.`);
  print('Print its sheet and lock it away: npm run keys -- sheet');
  print(
    'Keep the old key (NADI_OLD_KEYS, and its sheet) until the last backup made with it is gone: a backup opens with the key of its day.',
  );
  return 0;
}

async function sheet(): Promise<number> {
  const { current } = await keyFile.read();
  const { current: print32 } = mastersOf({ current, old: [] });
  const groups = groupsOf(current ?? '');
  print('NADI RECOVERY SHEET. Whoever holds this and a backup can read every record. Lock it away.');
  print(`Fingerprint ${print32}   ${new Date().toISOString().slice(0, 10)}`);
  for (let i = 0; i < groups.length; i += 5) print(`  ${groups.slice(i, i + 5).join('  ')}`);
  print('Typed back with: npm run keys -- enter');
  return await Promise.resolve(0);
}

async function enter(old: boolean): Promise<number> {
  await keyFile.refuseOverridden(process.env);
  const lines = createInterface({ input: process.stdin });
  if (process.stdin.isTTY) print('The thirteen groups, then an empty line:');
  let typed = '';
  for await (const line of lines) {
    if (line.trim() === '') break;
    typed += ` ${line}`;
  }
  lines.close();
  const key = keyOf(typed);
  const kid = new MasterKeys([key]).current;
  const held = await keyFile.read();
  if (held.current === key || held.old.includes(key)) print(`the settings hold this key already (${kid})`);
  else if (old) await keyFile.write({ ...held, old: [...held.old, key] });
  else if (held.current === null || held.current === '') await keyFile.write({ ...held, current: key });
  else {
    throw new SetupError(
      'The settings hold another master key.',
      'If this is an older one: npm run keys -- enter --old',
    );
  }
  print(`key ${kid} is in ${keyFile.path}. See what opens: npm run keys -- check`);
  return 0;
}

async function main(): Promise<number> {
  const [what, more] = process.argv.slice(2);
  if (what === 'status') return await check(false);
  if (what === 'check') return await check(true);
  if (what === 'rotate') return await rotateNow();
  if (what === 'sheet') return await sheet();
  if (what === 'enter') return await enter(more === '--old');
  print(usage);
  return what === undefined ? 0 : 2;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    printFailure(
      error instanceof SheetError
        ? new SetupError(`That is not a key: ${error.message}.`, 'Look at the sheet and type it again.')
        : error,
    );
    process.exit(1);
  },
);
