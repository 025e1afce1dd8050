import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { StepLog } from '../../support/log.ts';
import { messageOf, SetupError } from '../../support/SetupError.ts';
import { Cluster } from './cluster.ts';
import type { RunningEngine } from './index.ts';
import { Service, type Started } from './Service.ts';
import { ensureTemplate } from './template.ts';
import { ensureTree, treeVersion } from './tree.ts';

const gatewayMain = fileURLToPath(new URL('../gateway/main.ts', import.meta.url));
const Message = z.union([z.object({ port: z.number() }), z.object({ error: z.string() })]);

/** Starts the DocumentDB engine and the gateway in front of it. `port` 0 takes a free one and keeps it over restarts. */
export async function startDocumentdb(dataDir: string, port: number, log: StepLog): Promise<RunningEngine> {
  const tree = await ensureTree(log);
  const template = await ensureTemplate(tree, log);
  const cluster = await Cluster.open(tree, dataDir);
  let bound = port;
  const report = (line: string): void => log.info(line);
  const engine = new Service('database engine', () => cluster.launch(), report);
  const gateway = new Service(
    'database gateway',
    async () => launchGateway(cluster.socketDir, bound, (found) => (bound = found)),
    report,
  );
  const stop = async (): Promise<void> => {
    await gateway.stop();
    await engine.stop();
    await cluster.close();
  };
  try {
    await cluster.prepare(log, template);
    await engine.start();
    await cluster.installExtension();
    await gateway.start();
  } catch (error) {
    await stop();
    if (error instanceof SetupError) throw error;
    throw new SetupError(
      `The database did not start: ${messageOf(error)}`,
      'Set MONGODB_URI to a MongoDB server instead.',
    );
  }
  return {
    version: `PostgreSQL 18, DocumentDB ${await treeVersion(tree)}`,
    generation: '18',
    port: bound,
    stop,
    pids: () => ({ engine: engine.pid, gateway: gateway.pid }),
  };
}

async function launchGateway(socketDir: string, port: number, bound: (port: number) => void): Promise<Started> {
  const child = fork(gatewayMain, [], {
    execArgv: ['--import', 'tsx'],
    // Nothing else of our environment: it may hold keys.
    env: { PATH: process.env['PATH'], GATEWAY_SOCKET_DIR: socketDir, GATEWAY_PORT: String(port) },
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const listening = async (): Promise<void> => {
    const ended = once(child, 'exit').then(() => {
      throw new Error('the gateway ended before it listened');
    });
    ended.catch(() => undefined);
    const message = Message.parse((await Promise.race([once(child, 'message'), ended]))[0]);
    if ('error' in message) {
      throw new SetupError(
        `The database gateway cannot listen: ${message.error}`,
        'Choose another port, or stop what uses it.',
      );
    }
    bound(message.port);
  };
  return { process: child, ready: listening(), stop: () => void child.kill('SIGTERM') };
}
