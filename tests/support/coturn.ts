import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { turnserverConf } from '../../scripts/setup/turnserver.ts';
import { ensurePackages } from '../../scripts/support/apt.ts';
import { freePort } from './ports.ts';
import { until } from './until.ts';

/** A real coturn with the settings that a clinic gets, on loopback, relaying to loopback. */
export interface Coturn extends AsyncDisposable {
  readonly port: number;
  readonly secret: string;
}

export async function startCoturn(): Promise<Coturn> {
  await ensurePackages(['coturn'], { step: () => undefined, info: () => undefined });
  const folder = await mkdtemp(join(tmpdir(), 'nadi-turn-'));
  const port = await freePort();
  const secret = randomBytes(24).toString('base64url');
  const conf = join(folder, 'turnserver.conf');
  const settings = { realm: 'clinic.example', secret, port, peers: ['127.0.0.1'], listen: '127.0.0.1' };
  await writeFile(conf, await turnserverConf(settings), { mode: 0o600 });
  const own = ['--userdb', join(folder, 'turndb'), '--pidfile', join(folder, 'pid')];
  const child = spawn('turnserver', ['-c', conf, ...own], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const stop = async (): Promise<void> => {
    process.off('exit', kill);
    if (child.exitCode === null && child.signalCode === null) {
      const gone = once(child, 'exit');
      kill();
      await gone;
    }
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await until('coturn answers', async () => {
      if (child.exitCode !== null) throw new Error(`coturn ended: ${output.slice(-400)}`);
      return await answersBinding(port);
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, secret, [Symbol.asyncDispose]: stop };
}

/** Whether a STUN binding request (RFC 8489) is answered within a quarter second. */
async function answersBinding(port: number): Promise<boolean> {
  const socket = createSocket('udp4');
  const request = Buffer.concat([Buffer.from([0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42]), randomBytes(12)]);
  try {
    socket.send(request, port, '127.0.0.1');
    const [answer]: unknown[] = await once(socket, 'message', { signal: AbortSignal.timeout(250) });
    return Buffer.isBuffer(answer) && answer.readUInt16BE(0) === 0x0101;
  } finally {
    socket.close();
  }
}
