import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createApp, type App } from '../../server/app.ts';
import { readConfig } from '../../server/config.ts';
import { testDatabase, type TestDatabase } from './database.ts';
import { TestClient } from './TestClient.ts';

/** The environment of a hub for tests: own database name, demo people, limits out of the way, quick tail. */
export interface HubEnvironment {
  readonly env: Readonly<Record<string, string>>;
  /** For a media node that shall accept this hub's grants. */
  readonly grantPublicKey: string;
}

export function hubEnvironment(
  database: { uri: string; dbName: string },
  more: Record<string, string> = {},
): HubEnvironment {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const audit = generateKeyPairSync('ed25519').privateKey;
  return {
    grantPublicKey: publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
    env: {
      PORT: '0',
      NADI_MODE: 'demo',
      MONGODB_URI: database.uri,
      MONGODB_DB: database.dbName,
      NADI_ENGINE: 'test',
      NADI_SECRET: randomBytes(48).toString('base64'),
      NADI_KEY: randomBytes(32).toString('base64'),
      NADI_GRANT_PRIVATE_KEY: privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64'),
      NADI_AUDIT_PRIVATE_KEY: audit.export({ format: 'der', type: 'pkcs8' }).toString('base64'),
      NADI_SFU_SECRET: randomBytes(24).toString('base64'),
      NADI_TAIL_MS: '200',
      NADI_RATE_FACTOR: '1000',
      LOG_LEVEL: 'error',
      ...more,
    },
  };
}

export interface TestHub {
  readonly app: App;
  readonly url: string;
  readonly database: TestDatabase;
  readonly env: HubEnvironment['env'];
  /** Signs in as a demo account and connects; closed with the hub. */
  as(who: string): Promise<TestClient>;
  close(): Promise<void>;
}

/**
 * A real hub in this process on a real database, with the demo clinic in it.
 * @param shared another hub (or just a database) to stand beside: same database, same secrets; it is not dropped.
 */
export async function testHub(
  more: Readonly<Record<string, string>> = {},
  shared?: { readonly database: TestDatabase; readonly env?: HubEnvironment['env'] },
): Promise<TestHub> {
  const database = shared?.database ?? (await testDatabase());
  const env = { ...(shared?.env ?? hubEnvironment(database).env), ...more };
  const app = await createApp(readConfig(env));
  const url = app.url;
  const clients: TestClient[] = [];
  return {
    app,
    url,
    database,
    env,
    as: async (who) => {
      const client = await TestClient.as(url, who);
      clients.push(client);
      return client;
    },
    close: async () => {
      for (const client of clients) client.close();
      await app.close();
      if (!shared) await database.drop();
    },
  };
}
