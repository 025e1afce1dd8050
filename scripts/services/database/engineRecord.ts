import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { SetupError } from '../../support/SetupError.ts';

const Record = z.object({
  /** Which engine wrote this folder. */
  engine: z.enum(['mongod', 'documentdb']),
  /** Its on-disk generation: PostgreSQL's major version, or the release series of mongod. */
  version: z.string(),
  createdAt: z.string(),
});
export type EngineRecord = z.infer<typeof Record>;
export type EngineKind = EngineRecord['engine'];

const file = (dataDir: string): string => join(dataDir, 'engine.json');

/** Which engine a data folder belongs to; undefined for a new folder. A file that cannot be understood is a SetupError. */
export async function readRecord(dataDir: string): Promise<EngineRecord | undefined> {
  let text: string;
  try {
    text = await readFile(file(dataDir), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return Record.parse(JSON.parse(text));
  } catch {
    throw new SetupError(
      `${file(dataDir)} does not say which database engine wrote this folder`,
      'Restore that file from a backup, or choose another data folder with NADI_DATA.',
    );
  }
}

/** Marks a folder as written by this engine; done once, when its first start succeeded. */
export async function writeRecord(dataDir: string, record: EngineRecord): Promise<void> {
  await mkdir(dataDir, { recursive: true });
  const temporary = `${file(dataDir)}.${process.pid}.tmp`;
  await writeFile(temporary, `${JSON.stringify(record, null, 2)}\n`);
  await rename(temporary, file(dataDir));
}

/** Refuses to open a folder with an engine that did not write it: its data would seem to have vanished. */
export function wrongEngine(dataDir: string, record: EngineRecord, cause: string): SetupError {
  return new SetupError(
    `The data in ${resolve(dataDir)} was written by ${record.engine} ${record.version}, which cannot be started: ${cause}`,
    `Make that engine available again, or start with another data folder (NADI_DATA); the data stays where it is.`,
  );
}
