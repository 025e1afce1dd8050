import { createServer } from 'vite';
import path from 'node:path';
import { startDatabase } from './services/database/index.ts';
import { ensureMediaWorker } from './services/mediaWorker.ts';
import { prettyLine } from './supervise/logLine.ts';
import { waitReady } from './supervise/ready.ts';
import { hubService, sfuService, type Installation } from './supervise/services.ts';
import type { ServiceProcess, ServiceSpec } from './supervise/ServiceProcess.ts';
import { createSupervisor } from './supervise/supervisor.ts';
import { watchFolders } from './supervise/watch.ts';
import { ensureDataFolder, lockDataFolder } from './support/dataFolder.ts';
import { onEnd } from './support/ending.ts';
import { createSteps, printFailure } from './support/log.ts';
import { ROOT } from './support/paths.ts';
import { ensurePortsFree, portFrom } from './support/ports.ts';
import { demoSecrets } from './support/secrets.ts';

/**
 * `npm run dev`: hub and media node from their sources, started again when these change; the client by Vite, which passes
 * requests and websockets on to the hub. Open the address it prints.
 */
const env = process.env;
const steps = createSteps();
const print = (line: string): void => void process.stdout.write(`${line}\n`);
const undo: (() => Promise<unknown>)[] = [];
const ending = new AbortController();
const supervisor = createSupervisor({
  onLine: (name, line) => print(prettyLine(name, line)),
  onNote: (name, note) => print(prettyLine(name, note)),
  // A syntax error kills a service until the next save: never give up, wait a few seconds at most.
  policy: { baseMs: 500, maxMs: 5_000, stableMs: 10_000, maxDeaths: Number.POSITIVE_INFINITY },
});

async function start(): Promise<void> {
  const clientPort = portFrom(env, 'CLIENT_PORT', 5173);
  const port = portFrom(env, 'PORT', 3000);
  const sfuPort = portFrom(env, 'SFU_PORT', port + 1);
  const rtcPort = portFrom(env, 'SFU_RTC_PORT', 40_000);
  const dataDir = path.resolve(env['NADI_DATA'] ?? path.join(ROOT, 'data'));
  await ensureDataFolder(dataDir);
  undo.push(await lockDataFolder(dataDir));
  await ensurePortsFree(
    [
      { port: clientPort, variable: 'CLIENT_PORT', use: 'the client' },
      { port, variable: 'PORT', use: 'the hub' },
      { port: sfuPort, variable: 'SFU_PORT', use: 'the media node' },
      { port: rtcPort, variable: 'SFU_RTC_PORT', use: 'media', udp: true },
    ],
    '127.0.0.1',
  );
  const mediaWorker = await steps.run('media worker', ensureMediaWorker);
  const database = await steps.run('database', async (log) => {
    if (env['MONGODB_URI']) return { uri: env['MONGODB_URI'], engine: 'MONGODB_URI' };
    const started = await startDatabase({ dataDir: path.join(dataDir, 'database'), log });
    undo.push(() => started.stop());
    return started;
  });
  const { secrets } = await demoSecrets(dataDir);
  const address = `http://localhost:${clientPort}`;
  const installation: Installation = {
    env: {
      LOG_LEVEL: 'debug',
      NADI_PUBLIC_URL: address,
      SFU_ALLOWED_ORIGINS: `${address},http://localhost:${port}`,
      ...env,
    },
    ...{ port, sfuPort, rtcPort, dataDir, mediaWorker, secrets, dist: path.join(ROOT, 'dist') },
    ...{ mongodbUri: database.uri, engine: database.engine },
  };
  await steps.run('hub and media node', async () => {
    undo.push(() => supervisor.stop());
    follow(supervisor.start(fromSource(sfuService(installation), 'sfu/main.ts')), ['sfu', 'shared']);
    follow(supervisor.start(fromSource(hubService(installation), 'server/main.ts')), ['server', 'shared']);
    await waitReady(`http://127.0.0.1:${port}/readyz`, 90_000, ending.signal);
  });
  await steps.run('client', async () => {
    process.env['NADI_DEV_HUB'] = `http://127.0.0.1:${port}`;
    const vite = await createServer({
      configFile: path.join(ROOT, 'vite.config.ts'),
      server: { port: clientPort },
      logLevel: 'warn',
    });
    undo.push(() => vite.close());
    await vite.listen();
  });
  print(`\n  Nadi (development):  ${address}\n  Database:            ${database.engine}\n  Stop with Ctrl-C.\n`);
}

function fromSource(spec: ServiceSpec, main: string): ServiceSpec {
  return {
    ...spec,
    args: () => ['--import', 'tsx', path.join(ROOT, main)],
    env: () => ({ ...spec.env(), NODE_ENV: 'development' }),
  };
}

function follow(service: ServiceProcess, folders: readonly string[]): void {
  const watcher = watchFolders(
    folders.map((folder) => path.join(ROOT, folder)),
    300,
    () => {
      print(prettyLine(service.name, 'changed: starting again'));
      void service.restart();
    },
  );
  undo.push(async () => watcher.close());
}

async function end(exitCode: number): Promise<void> {
  ending.abort();
  for (const step of undo.splice(0).toReversed()) await step().catch(printFailure);
  process.exit(exitCode);
}

onEnd(() => void end(0));
try {
  await start();
} catch (error) {
  if (!ending.signal.aborted) {
    printFailure(error);
    await end(1);
  }
}
