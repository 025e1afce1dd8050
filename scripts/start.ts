import path from 'node:path';
import { build } from './build.ts';
import { startDatabase } from './services/database/index.ts';
import { ensureMediaWorker } from './services/mediaWorker.ts';
import { prettyLine } from './supervise/logLine.ts';
import { waitReady } from './supervise/ready.ts';
import { hubService, sfuService, type Installation } from './supervise/services.ts';
import { createSupervisor } from './supervise/supervisor.ts';
import { ensureDataFolder, lockDataFolder } from './support/dataFolder.ts';
import { onEnd } from './support/ending.ts';
import { checkProduction } from './support/checkSettings.ts';
import { createSteps, printFailure, seconds } from './support/log.ts';
import { ROOT } from './support/paths.ts';
import { ensurePortsFree, portFrom, type NeededPort } from './support/ports.ts';
import { writeRunning } from './support/running.ts';
import { demoSecrets } from './support/secrets.ts';
import { readSettings, type Settings } from './support/settings.ts';
import { SetupError } from './support/SetupError.ts';

const READY_MS = 90_000;
const LOGINS = ['doctor', 'doctor2', 'patient', 'patient2', 'staff', 'admin'];

const { env } = settled();
const steps = createSteps();
const began = performance.now();
const print = (line: string): void => void process.stdout.write(`${line}\n`);

function settled(): Settings {
  try {
    return readSettings(process.env);
  } catch (error) {
    printFailure(error);
    return process.exit(1);
  }
}

/** What to undo at the end, the last first. */
const undo: (() => Promise<unknown>)[] = [];
const ending = new AbortController();
let exitCode = 0;
let supervising = false;

const supervisor = createSupervisor({
  onLine: (name, line) => print(prettyLine(name, line)),
  onNote: (name, note) => print(prettyLine(name, note)),
});

async function stop(): Promise<void> {
  ending.abort();
  for (const step of undo.splice(0).toReversed()) await step().catch(printFailure);
}

async function start(): Promise<void> {
  const port = portFrom(env, 'PORT', 3000);
  const sfuPort = portFrom(env, 'SFU_PORT', port + 1);
  const rtcPort = portFrom(env, 'SFU_RTC_PORT', 40_000);
  const dataDir = path.resolve(env['NADI_DATA'] ?? path.join(ROOT, 'data'));
  const mode = env['NADI_MODE'] ?? 'demo';
  if (mode === 'production') checkProduction(env);

  await steps.run('data folder', async () => {
    await ensureDataFolder(dataDir);
    undo.push(await lockDataFolder(dataDir));
  });
  await steps.run('ports', () =>
    ensurePortsFree(
      [
        { port, variable: 'PORT', use: 'the web page' },
        { port: sfuPort, variable: 'SFU_PORT', use: 'the media node' },
        { port: rtcPort, variable: 'SFU_RTC_PORT', use: 'media', udp: true },
        ...tlsPorts(),
      ],
      env['NADI_HOST'] ?? '127.0.0.1',
    ),
  );
  const mediaWorker = await steps.run('media worker', ensureMediaWorker).catch((error: unknown) => {
    if (!(error instanceof SetupError)) throw error;
    printFailure(error);
    print('  … going on without video: queue and chat work.\n');
    return undefined;
  });
  const database = env['MONGODB_URI']
    ? { uri: env['MONGODB_URI'], engine: env['NADI_ENGINE'] ?? 'MONGODB_URI' }
    : await steps.run('database', async (log) => {
        // What it says later (a restart of the engine, say) belongs among the lines of the services.
        const info = (line: string): void => (supervising ? print(prettyLine('database', line)) : log.info(line));
        const started = await startDatabase({ dataDir: path.join(dataDir, 'database'), log: { ...log, info } });
        undo.push(() => started.stop());
        return started;
      });
  await steps.run('build', build);
  const { secrets } =
    mode === 'demo'
      ? await steps.run(
          'secrets',
          () => demoSecrets(dataDir),
          (made) => !made.created,
        )
      : { secrets: {} };

  const installation: Installation = {
    ...{ env, port, sfuPort, rtcPort, dataDir, mediaWorker, secrets },
    ...{ dist: path.join(ROOT, 'dist'), mongodbUri: database.uri, engine: database.engine },
  };
  undo.push(
    await writeRunning(dataDir, {
      ...{ pid: process.pid, port, sfuPort, rtcPort, mediaWorker: mediaWorker ?? null },
      ...{ mongodbUri: database.uri, engine: database.engine },
    }),
  );
  await steps.run('hub and media node', () => serve(installation));
  banner(installation, mode);
}

/** The doors that speak TLS, where there are any. */
function tlsPorts(): NeededPort[] {
  const hub = { port: portFrom(env, 'NADI_TLS_PORT', 443), variable: 'NADI_TLS_PORT', use: 'https' };
  const sfu = { port: portFrom(env, 'SFU_TLS_PORT', 3443), variable: 'SFU_TLS_PORT', use: 'calls over https' };
  return [...(env['NADI_TLS_CERT'] ? [hub] : []), ...(env['SFU_TLS_CERT'] ? [sfu] : [])];
}

async function serve(installation: Installation): Promise<void> {
  ending.signal.throwIfAborted();
  supervising = true;
  undo.push(() => supervisor.stop());
  void supervisor.gaveUp.then((why) => {
    exitCode = 1;
    printFailure(new SetupError(`${why}; giving up.`, 'What it said is above; correct the cause and start again.'));
    void end();
  });
  if (installation.mediaWorker !== undefined) supervisor.start(sfuService(installation));
  supervisor.start(hubService(installation));
  await waitReady(`http://127.0.0.1:${installation.port}/readyz`, READY_MS, ending.signal);
}

function banner({ port, engine, dataDir }: Installation, mode: string): void {
  const took = steps.results.map((step) => `${step.title} ${step.skipped ? '–' : seconds(step.seconds * 1000)}`);
  print('');
  const address = env['NADI_PUBLIC_URL'] ?? `http://localhost:${port}`;
  print(`  Nadi is ready:  ${address}   (${seconds(performance.now() - began)})`);
  if (mode === 'demo') {
    print(`  Demo logins:    ${LOGINS.map((name) => `${name}@demo.nadi`).join(', ')}`);
    print('  Password:       nadi-demo');
  }
  print(`  Database:       ${engine}`);
  if (mode === 'production' && !env['MONGODB_URI'])
    print('                  without a replica and a password: keep backups');
  print(`  Data folder:    ${dataDir}`);
  print(`  Steps:          ${took.join(', ')}`);
  print('  Stop with Ctrl-C.\n');
}

async function end(): Promise<void> {
  await stop();
  process.exit(exitCode);
}

onEnd((reason) => {
  if (supervising) print(`\nStopping (${reason}) …`);
  void end();
});

try {
  await start();
} catch (error) {
  if (!ending.signal.aborted) {
    printFailure(error);
    exitCode = 1;
    await end();
  }
}
