import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, it } from 'vitest';
import { startDatabase, type Database } from '../../../scripts/services/database/index.ts';
import { SetupError } from '../../../scripts/support/SetupError.ts';
import { until } from '../../support/until.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const quiet = { step: () => {}, info: () => {} };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'nadi-orphan-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it('the database dies with the process that started it, so its folder can be opened again', async () => {
  const main = path.join(folder, 'main.mts');
  const source = path.join(root, 'scripts/services/database/index.ts');
  const dataDir = path.join(folder, 'data');
  await writeFile(
    main,
    `import { startDatabase, type Database } from ${JSON.stringify(source)};
     const log = { step: () => {}, info: () => {} };
     const database = await startDatabase({ dataDir: ${JSON.stringify(dataDir)}, log });
     console.log('up ' + database.uri);`,
  );
  const owner = spawn(process.execPath, ['--import', 'tsx', main], { cwd: root });
  let output = '';
  for (const stream of [owner.stdout, owner.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await until('the database to be up', () => output.includes('up mongodb://'), { timeoutMs: 90_000 });
  owner.kill('SIGKILL');
  await until('the owner to be gone', () => owner.signalCode === 'SIGKILL');
  // The kernel ends the engine a moment after its owner; until then the folder is refused.
  const again = await until('the folder to be free again', () => startUnlessInUse(dataDir), {
    timeoutMs: 90_000,
    everyMs: 250,
  });
  await again.stop();
}, 240_000);

async function startUnlessInUse(dataDir: string): Promise<Database | null> {
  try {
    return await startDatabase({ dataDir, log: quiet });
  } catch (error) {
    if (error instanceof SetupError && error.message.includes('in use')) return null;
    throw error;
  }
}
