import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { onEnd } from './support/ending.ts';
import { printFailure } from './support/log.ts';
import { ROOT } from './support/paths.ts';
import { SetupError } from './support/SetupError.ts';

/**
 * `npm run bench -- NAME`: runs `tests/bench/NAME.ts`, which exports `run(args)` answering `{table, json}`: `table` are rows
 * for people, `json` the figures. Prints the table and, as the last line, one JSON object.
 */
const FOLDER = path.join(ROOT, 'tests/bench');

const Result = z.object({
  table: z.array(z.record(z.string(), z.unknown())),
  json: z.record(z.string(), z.unknown()),
});

async function names(): Promise<string[]> {
  const files = await readdir(FOLDER).catch(() => []);
  return files
    .filter((file) => /^[\w-]+\.ts$/.test(file))
    .map((file) => file.slice(0, -3))
    .sort();
}

async function main([name, ...args]: readonly string[]): Promise<void> {
  const known = await names();
  if (name === undefined) {
    console.log(known.length > 0 ? `Benches: ${known.join(', ')}` : 'There is no bench yet (tests/bench).');
    console.log('Run one with: npm run bench -- NAME');
    return;
  }
  if (!known.includes(name)) {
    throw new SetupError(`There is no bench "${name}".`, `Use one of: ${known.join(', ') || '(none yet)'}.`);
  }
  const url = pathToFileURL(path.join(FOLDER, `${name}.ts`)).href;
  const module: unknown = await import(url);
  const run = typeof module === 'object' && module !== null && 'run' in module ? module.run : undefined;
  if (typeof run !== 'function') {
    throw new SetupError(`tests/bench/${name}.ts exports no run().`, 'Export: async function run(args): {table, json}');
  }
  const answer: unknown = await Reflect.apply(run, undefined, [args]);
  const { table, json } = Result.parse(answer);
  console.table(table);
  console.log(JSON.stringify({ bench: name, ...json }));
}

onEnd(() => process.exit(130));
try {
  await main(process.argv.slice(2));
  process.exit(0);
} catch (error) {
  printFailure(error);
  process.exit(1);
}
