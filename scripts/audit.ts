import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { readAuditKey, type RootSigner } from '../server/audit/chain.ts';
import { BadExport, exportLines, fileSource, lines } from '../server/audit/exportFile.ts';
import { databaseSource } from '../server/audit/sources.ts';
import { verifyAudit } from '../server/audit/verify.ts';
import { connectMongo } from '../server/store/mongo.ts';
import { fingerprint, report } from './audit/report.ts';
import { ROOT } from './support/paths.ts';
import { readRunning } from './support/running.ts';
import { readSettings } from './support/settings.ts';

const usage = `npm run audit -- verify [options]    is the audit log as it was written?

  --file export.ndjson   of a file, not of the database
  --public-key base64    whose signatures count (several: comma-separated); else the key of these settings
  --roots-dir folder     compare with the copies of signed roots (NADI_AUDIT_ROOTS_DIR)

npm run audit -- export [options]    records of a time as JSON lines, with signed roots and a signed list

  --from 2026-01-01      both included; a day or a moment (ISO 8601), UTC
  --to 2026-12-31
  --out file             instead of the standard output

npm run audit -- key                 the public key that signs here, to be kept elsewhere

verify ends with 0 when all is whole, 1 when it found faults, 2 when it could not look.`;

const options = {
  file: { type: 'string' },
  'public-key': { type: 'string' },
  'roots-dir': { type: 'string' },
  from: { type: 'string' },
  to: { type: 'string' },
  out: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

const { env } = readSettings(process.env);
const dataDir = path.resolve(env['NADI_DATA'] ?? path.join(ROOT, 'data'));

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const [command] = positionals;
  if (values.help || command === undefined) return say(usage);
  if (command === 'verify') return await verify(values);
  if (command === 'export')
    return await exportTo(values.out, moment(values.from, 0), moment(values.to, Date.now(), true));
  if (command !== 'key') throw new Error(`there is no "${command}"`);
  const { publicKey } = await ownKey();
  return say(`${publicKey}\nfingerprint ${fingerprint(publicKey)}`);
}

async function verify(values: { file?: string; 'public-key'?: string; 'roots-dir'?: string }): Promise<number> {
  const given = values['public-key']?.split(',').filter((key) => key !== '');
  const own =
    given ??
    (await ownKey().then(
      ({ publicKey }) => [publicKey],
      () => null,
    ));
  const trusted = own && new Set(own);
  const rootsDir = values['roots-dir'] ?? (values.file === undefined ? env['NADI_AUDIT_ROOTS_DIR'] : undefined);
  const database = values.file === undefined ? await connect() : null;
  try {
    const source = database ? databaseSource(database.db) : await fileSource(values.file ?? '', trusted);
    const began = performance.now();
    const found = await verifyAudit(source, {
      trusted,
      ...(rootsDir === undefined ? {} : { copies: copiesIn(rootsDir) }),
      ...(process.stderr.isTTY ? { onProgress: (records) => process.stderr.write(`\r${records} `) } : {}),
    });
    say(report(found, { seconds: (performance.now() - began) / 1000, keysGiven: trusted !== null }));
    return found.ok ? 0 : 1;
  } catch (error) {
    if (!(error instanceof BadExport)) throw error;
    say(`✗ ${error.message}`);
    return 1;
  } finally {
    await database?.close();
  }
}

async function exportTo(out: string | undefined, from: number, to: number): Promise<number> {
  const signer = await ownKey();
  const database = await connect();
  const target = out === undefined ? process.stdout : createWriteStream(out, { mode: 0o600, flags: 'wx' });
  try {
    for await (const line of exportLines(database.db, signer, { from, to }, Date.now())) {
      if (!target.write(`${line}\n`)) await once(target, 'drain');
    }
    if (target !== process.stdout) await new Promise<void>((resolve) => target.end(resolve));
    return 0;
  } finally {
    await database.close();
  }
}

async function* copiesIn(folder: string): AsyncGenerator<Record<string, unknown>> {
  for (const name of (await readdir(folder)).sort())
    if (name.endsWith('.ndjson')) yield* lines(path.join(folder, name));
}

async function connect() {
  const uri = env['MONGODB_URI'] || (await readRunning(dataDir))?.mongodbUri;
  if (!uri)
    throw new Error('There is no database to look into: set MONGODB_URI, or start this installation (npm start).');
  return await connectMongo(uri, env['MONGODB_DB'] ?? 'nadi');
}

/** The key of the settings, or of the demo's data folder. */
async function ownKey(): Promise<RootSigner> {
  const demo = z.object({ NADI_AUDIT_PRIVATE_KEY: z.string() });
  const key =
    env['NADI_AUDIT_PRIVATE_KEY'] ??
    demo.parse(JSON.parse(await readFile(path.join(dataDir, 'demo-secrets.json'), 'utf8'))).NADI_AUDIT_PRIVATE_KEY;
  return readAuditKey(key);
}

/** A day means its beginning, or as the end of a time its end. */
function moment(text: string | undefined, otherwise: number, end = false): number {
  if (text === undefined) return otherwise;
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw new Error(`"${text}" is no day and no moment`);
  return end && /^\d{4}-\d\d-\d\d$/.test(text) ? at + 24 * 3600_000 - 1 : at;
}

function say(text: string): 0 {
  process.stdout.write(`${text}\n`);
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  console.error(`\n${usage}`);
  process.exitCode = 2;
}
