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

try {
  const database = await startDatabase({ dataDir: values.data, port: Number(values.port), log });
  process.stdout.write(`${database.engine}\n${database.uri}\n`);
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    void database.stop().then(() => process.exit(0));
  };
  process.on('SIGTERM', stop).on('SIGINT', stop);
} catch (error) {
  printFailure(error);
  process.exitCode = 1;
}
