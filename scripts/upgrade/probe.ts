import { spawn } from 'node:child_process';
import path from 'node:path';
import { waitReady } from '../supervise/ready.ts';
import { hubService } from '../supervise/services.ts';
import { freePort } from '../support/ports.ts';
import { ROOT } from '../support/paths.ts';
import { demoSecrets } from '../support/secrets.ts';
import { SetupError } from '../support/SetupError.ts';

const readyMs = 120_000;

export interface ProbeOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly dataDir: string;
  readonly mongodbUri: string;
  readonly engine: string;
}

/** Starts the built hub on a spare port, which migrates the database, and stops it again once it answers. @throws SetupError */
export async function probeHub({ env, dataDir, mongodbUri, engine }: ProbeOptions): Promise<void> {
  const demo = (env['NADI_MODE'] ?? 'demo') === 'demo';
  const port = await freePort();
  const service = hubService({
    env: { ...env, NADI_TLS_PORT: undefined },
    ...{ dataDir, mongodbUri, engine, port, sfuPort: await freePort(), rtcPort: 0, mediaWorker: undefined },
    dist: path.join(ROOT, 'dist'),
    secrets: demo ? (await demoSecrets(dataDir)).secrets : {},
  });
  const child = spawn(process.execPath, service.args(), {
    cwd: ROOT,
    env: service.env(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text: Buffer) => (said = (said + text.toString()).slice(-4_000)));
  }
  const gone = new AbortController();
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve(gone.abort())));
  try {
    await waitReady(`http://127.0.0.1:${port}/healthz`, readyMs, gone.signal);
  } catch (error) {
    if (!gone.signal.aborted) throw error;
    const last = said.trim().split('\n').slice(-3).join('\n');
    throw new SetupError(`The new version does not start:\n${last}`, 'See docs/backup.md.');
  } finally {
    child.kill('SIGTERM');
    const patience = setTimeout(() => child.kill('SIGKILL'), 15_000);
    await ended;
    clearTimeout(patience);
  }
}
