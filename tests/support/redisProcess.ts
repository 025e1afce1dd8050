import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { ensurePackages } from '../../scripts/support/apt.ts';
import { freePort } from './ports.ts';
import { until } from './until.ts';

/** A Redis of a test's own, that it may kill, freeze and bring back on the same port. Keeps nothing. */
export interface RedisProcess {
  readonly url: string;
  /** `kill -9`. */
  kill(): Promise<void>;
  /** Stops answering without closing anything, as a hanging machine does. */
  freeze(): void;
  thaw(): void;
  /** After a kill. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export async function startRedis(): Promise<RedisProcess> {
  await ensurePackages(['redis-server'], { step: () => undefined, info: () => undefined });
  const port = await freePort();
  let child = await launch(port);
  const signal = async (name: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(name);
    await gone;
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    kill: () => signal('SIGKILL'),
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    start: async () => {
      child = await launch(port);
    },
    stop: () => signal('SIGKILL'),
  };
}

async function launch(port: number): Promise<ChildProcess> {
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--daemonize', 'no'];
  const child = spawn('redis-server', args, { cwd: '/', stdio: 'ignore' });
  process.once('exit', () => child.kill('SIGKILL'));
  await until('redis to answer', async () => child.exitCode === null && (await answers(port)));
  return child;
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    socket.write('PING\r\n');
    const [reply]: unknown[] = await once(socket, 'data');
    return String(reply).startsWith('+PONG');
  } finally {
    socket.destroy();
  }
}
