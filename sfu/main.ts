import { pino } from 'pino';
import { parseSfuConfig, SfuConfigError, type SfuConfig } from './config.ts';
import { createSfu, type SfuNode } from './SfuNode.ts';

const STOP_DEADLINE_MS = 10_000;

let node: SfuNode | undefined;
let shuttingDown = false;

const config = readConfig();
const log = pino({ name: 'sfu', level: config.logLevel });

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => shutDown(signal));
// Under a supervisor: its end, however it came, is ours too. Without one there is no channel to lose.
process.on('disconnect', () => shutDown('supervisor gone'));
process.on('unhandledRejection', (reason) => {
  log.fatal({ err: reason }, 'unhandled rejection');
  process.exit(1);
});

try {
  node = await createSfu(config, { log, processMetrics: true });
  if (shuttingDown) stop(node);
} catch (error) {
  process.stderr.write(`The media node does not start: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

function readConfig(): SfuConfig {
  try {
    return parseSfuConfig(process.env);
  } catch (error) {
    if (!(error instanceof SfuConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}

function shutDown(signal: string): void {
  if (shuttingDown) return;
  shuttingDown = true;
  log.info({ signal }, 'shutting down');
  setTimeout(() => {
    log.error('shutting down took too long');
    process.exit(1);
  }, STOP_DEADLINE_MS).unref();
  if (node !== undefined) stop(node);
}

function stop(running: SfuNode): void {
  running.close().then(
    () => process.exit(0),
    (error: unknown) => {
      log.error({ err: error }, 'shutting down failed');
      process.exit(1);
    },
  );
}
