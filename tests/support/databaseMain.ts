import { startDatabase } from '../../scripts/services/database/index.ts';

/** A database in a process of its own, so that everything of it can be killed: `databaseMain.ts DIR PORT`, started by `fork`. */
const [dataDir = '', port = '0'] = process.argv.slice(2);
const quiet = { step: () => undefined, info: () => undefined };

try {
  const database = await startDatabase({ dataDir, port: Number(port), log: quiet });
  const stop = (): void => void database.stop().then(() => process.exit(0));
  process.on('message', (message) => {
    if (message === 'stop') stop();
    else if (message === 'pids') process.send?.({ pids: database.pids() });
  });
  process.on('disconnect', stop);
  process.send?.({ uri: database.uri });
} catch (error) {
  process.send?.({ error: error instanceof Error ? error.message : 'unknown' });
  process.exitCode = 1;
}
