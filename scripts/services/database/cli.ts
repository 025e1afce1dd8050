import { parseArgs } from 'node:util';
import type { StepLog } from '../../support/log.ts';
import { printFailure } from '../../support/log.ts';
import { startDatabase } from './index.ts';

/** Runs a database until SIGTERM or SIGINT: `node --import tsx scripts/services/database/cli.ts --data DIR [--port P]`. */
const { values } = parseArgs({
  options: { data: { type: 'string', default: './data/db' }, port: { type: 'string', default: '0' } },
});
const log: StepLog = {
  step: (title) => void process.stdout.write(`… ${title}\n`),
  info: (line) => void process.stdout.write(`  ${line}\n`),
};

let stopping = false;
let stopDatabase = async (): Promise<void> => undefined;
const stop = (): void => {
  if (stopping) return;
  stopping = true;
  void stopDatabase().then(() => process.exit(0));
};
// Also while it is starting: what was begun ends with this process.
process.on('SIGTERM', stop).on('SIGINT', stop);

try {
  const database = await startDatabase({ dataDir: values.data, port: Number(values.port), log });
  stopDatabase = () => database.stop();
  process.stdout.write(`${database.engine}\n${database.uri}\n`);
} catch (error) {
  printFailure(error);
  process.exitCode = 1;
}
