import { spawn, type ChildProcess } from 'node:child_process';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { sfuNodeInfo } from '../../shared/contract/sfu.ts';
import { freePort } from '../support/ports.ts';
import { until } from '../support/until.ts';
import { mediaWorker } from './support/mediaNode.ts';

/** The node as the process that is really started. */
describe('the sfu process', () => {
  const running: ChildProcess[] = [];
  afterEach(() => {
    for (const child of running.splice(0)) child.kill('SIGKILL');
  });

  const secret = randomUUID();
  const environment = async (port: number): Promise<Record<string, string>> => ({
    PATH: process.env['PATH'] ?? '',
    SFU_PORT: String(port),
    SFU_RTC_PORT: '0',
    SFU_WORKERS: '2',
    MEDIASOUP_WORKER_BIN: await mediaWorker(),
    NADI_GRANT_PUBLIC_KEY: generateKeyPairSync('ed25519')
      .publicKey.export({ format: 'der', type: 'spki' })
      .toString('base64'),
    NADI_SFU_SECRET: secret,
    LOG_LEVEL: 'warn',
  });

  function start(env: Record<string, string>): { child: ChildProcess; output: () => string } {
    const child = spawn(process.execPath, ['--import', 'tsx', 'sfu/main.ts'], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.push(child);
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
    return { child, output: () => text };
  }

  async function workersOf(port: number): Promise<number[]> {
    const response = await fetch(`http://127.0.0.1:${port}/control/node`, {
      headers: { authorization: `Bearer ${secret}` },
    });
    return sfuNodeInfo.parse(await response.json()).workers.flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
  }

  it('stops its workers and exits 0 on SIGTERM', async () => {
    const port = await freePort();
    const { child } = start(await environment(port));
    const pids = await until('the node answers', () => workersOf(port), { timeoutMs: 30_000 });
    expect(pids).toHaveLength(2);
    child.kill('SIGTERM');
    const [code] = await once(child, 'exit');
    expect(code).toBe(0);
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('leaves no worker behind when it is killed', async () => {
    const port = await freePort();
    const { child } = start(await environment(port));
    const pids = await until('the node answers', () => workersOf(port), { timeoutMs: 30_000 });
    child.kill('SIGKILL');
    await until('the workers are gone', () => pids.every((pid) => !isAlive(pid)));
  });

  it('lists every problem of its configuration and shows no value', async () => {
    const { child, output } = start({
      PATH: process.env['PATH'] ?? '',
      SFU_PORT: '99999',
      NADI_GRANT_PUBLIC_KEY: 'c2VjcmV0LWtleS1tYXRlcmlhbA==',
      NADI_SFU_SECRET: 'short-secret-value',
      LOG_LEVEL: 'loud',
    });
    const [code] = await once(child, 'exit');
    expect(code).toBe(1);
    for (const name of ['SFU_PORT', 'NADI_GRANT_PUBLIC_KEY', 'NADI_SFU_SECRET', 'LOG_LEVEL'])
      expect(output()).toContain(name);
    expect(output()).not.toMatch(/c2VjcmV0|short-secret-value/);
  });

  it('says which port is in use', async () => {
    const blocker = createServer().listen(0, '127.0.0.1');
    await once(blocker, 'listening');
    const address = blocker.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const { child, output } = start(await environment(port));
    const [code] = await once(child, 'exit');
    blocker.close();
    expect(code).toBe(1);
    expect(output()).toContain(`port ${port} on 127.0.0.1 is in use`);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
