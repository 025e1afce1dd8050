import { spawn } from 'node:child_process';

/** The exit code of a worker started without its library's environment (mediasoup worker/src/main.cpp). */
const EXIT_WITHOUT_PARENT = 41;

/**
 * Says whether a media worker binary works on this machine, by starting it twice: bare (it must refuse with exit
 * code 41, which proves that it loads against this libc), then as the library does, waiting for the "running"
 * notification on its channel. Never throws; a hung binary is killed.
 *
 * @param path absolute path of the binary
 * @param version the mediasoup version it is started for
 * @returns `undefined` when it works, otherwise why not, in one line
 */
export async function probeMediaWorker(path: string, version: string): Promise<string | undefined> {
  return (await runsBare(path)) ?? (await announcesItself(path, version));
}

async function runsBare(path: string): Promise<string | undefined> {
  const child = spawn(path, [], {
    env: {},
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: 5_000,
    killSignal: 'SIGKILL',
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8').slice(0, 300)));
  const code = await new Promise<number | string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (exit, signal) => resolve(exit ?? signal ?? 'no exit code'));
  });
  if (code === EXIT_WITHOUT_PARENT) return undefined;
  return `it does not start here (${String(code)}${stderr ? `: ${stderr.trim().split('\n')[0]}` : ''})`;
}

async function announcesItself(path: string, version: string): Promise<string | undefined> {
  const child = spawn(path, ['--logLevel=error'], {
    env: { MEDIASOUP_VERSION: version },
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
  });
  const channel = child.stdio[4];
  const problem = await new Promise<string | undefined>((resolve) => {
    const timer = setTimeout(() => resolve('it starts but does not announce itself within 5 s'), 5_000);
    const settle = (answer: string | undefined): void => {
      clearTimeout(timer);
      resolve(answer);
    };
    channel?.once('data', () => settle(undefined));
    child.once('error', (error) => settle(error.message));
    child.once('exit', (code, signal) => settle(`it exits at once (${String(code ?? signal)})`));
  });
  child.removeAllListeners('exit');
  await new Promise<void>((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return resolve();
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
  return problem;
}
