import { createApp } from './app.ts';
import { ConfigError, readConfig } from './config.ts';

/** Starts the hub from the environment and stops it on a signal, or when whoever supervises it is gone. */
async function main(): Promise<void> {
  const app = await createApp(readConfig(process.env));
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    app.close().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error('The hub did not stop cleanly:', error);
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('disconnect', stop);
}

main().catch((error: unknown) => {
  console.error(error instanceof ConfigError ? error.message : error);
  process.exit(1);
});
