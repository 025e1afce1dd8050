import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ensureMediaWorker } from '../../scripts/services/mediaWorker.ts';
import { createSfu, type SfuNode } from '../../sfu/SfuNode.ts';
import { parseSfuConfig } from '../../sfu/config.ts';
import { testDatabase } from './database.ts';
import { hubEnvironment, testHub, type TestHub } from './hub.ts';
import { freePort } from './ports.ts';

/** The whole platform in this process: hub with the built client, media node on a real worker, database of its own. */
export interface Stack {
  readonly url: string;
  readonly hub: TestHub;
  readonly sfu: SfuNode;
  /** Where the media node keeps sound until the hub has it. */
  readonly spoolDir: string;
  /** As after a crash of the node: same port and disk, another boot. */
  restartSfu(): Promise<void>;
  close(): Promise<void>;
}

const quiet = { step: () => undefined, info: () => undefined };

/**
 * @param options `client: false` when no page is needed.
 * @throws when the client is not built (`npm test` builds it; alone: `npx vite build`).
 */
export async function startStack(options: { readonly client: boolean } = { client: true }): Promise<Stack> {
  const clientDir = process.env['NADI_CLIENT_DIR'] ?? join(import.meta.dirname, '../../dist/client');
  if (options.client && !existsSync(join(clientDir, 'index.html')))
    throw new Error(`the client is not built: ${clientDir}`);
  const database = await testDatabase();
  const { env, grantPublicKey } = hubEnvironment(database);
  const port = await freePort();
  const spoolDir = await mkdtemp(join(tmpdir(), 'nadi-spool-'));
  const workerBin = await ensureMediaWorker(quiet);
  const startSfu = (): Promise<SfuNode> =>
    createSfu(
      parseSfuConfig({
        SFU_PORT: String(port),
        SFU_RTC_PORT: '0',
        SFU_WORKERS: '1',
        SFU_SPOOL_DIR: spoolDir,
        MEDIASOUP_WORKER_BIN: workerBin,
        NADI_GRANT_PUBLIC_KEY: grantPublicKey,
        NADI_SFU_SECRET: env['NADI_SFU_SECRET'],
        LOG_LEVEL: 'error',
      }),
    );
  let sfu = await startSfu();
  const more = { ...env, NADI_CLIENT_DIR: clientDir, NADI_SFU_NODES: `http://127.0.0.1:${port}` };
  const hub = await testHub(more, { database });
  return {
    url: hub.url.replace('127.0.0.1', 'localhost'),
    hub,
    get sfu() {
      return sfu;
    },
    spoolDir,
    restartSfu: async () => {
      await sfu.close();
      sfu = await startSfu();
    },
    close: async () => {
      await hub.close();
      await sfu.close();
      await database.drop();
    },
  };
}
