import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MongoClient } from 'mongodb';
import { afterEach, describe, expect, it } from 'vitest';
import { startDatabase, type Database } from '../../../scripts/services/database/index.ts';
import { SetupError } from '../../../scripts/support/SetupError.ts';
import { until } from '../../support/until.ts';

const log = { step: () => undefined, info: () => undefined };
const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'nadi-test-db-'));
  cleanups.push(() => rm(path, { recursive: true, force: true }));
  return path;
}

async function start(dataDir: string): Promise<Database> {
  const database = await startDatabase({ dataDir, log });
  cleanups.push(() => database.stop());
  return database;
}

async function withClient<T>(uri: string, work: (client: MongoClient) => Promise<T>): Promise<T> {
  const client = await new MongoClient(uri, { serverSelectionTimeoutMS: 5_000 }).connect();
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('startDatabase', () => {
  it('runs two at once on different folders, and refuses a folder that is in use', async () => {
    const first = await start(await folder());
    const inUse = await folder();
    const second = await start(inUse);
    expect(first.uri).not.toBe(second.uri);
    await withClient(first.uri, (client) => client.db('a').collection<{ _id: number }>('c').insertOne({ _id: 1 }));
    expect(await withClient(second.uri, (client) => client.db('a').collection('c').countDocuments())).toBe(0);
    await expect(startDatabase({ dataDir: inUse, log })).rejects.toThrow(/in use/);
    expect(await withClient(second.uri, (client) => client.db('a').command({ ping: 1 }))).toMatchObject({ ok: 1 });
  });

  it('records the engine, leaves no process behind when stopped, and keeps the data', async () => {
    const dataDir = await folder();
    const database = await startDatabase({ dataDir, log });
    const pids = Object.values(database.pids()).filter((pid): pid is number => pid !== undefined);
    await withClient(database.uri, (client) => client.db('a').collection<{ _id: number }>('c').insertOne({ _id: 1 }));
    await database.stop();
    expect(pids.filter(isAlive)).toEqual([]);
    expect(await readFile(join(dataDir, 'engine.json'), 'utf8')).toMatch(/"engine": "(mongod|documentdb)"/);
    const again = await start(dataDir);
    expect(await withClient(again.uri, (client) => client.db('a').collection('c').countDocuments())).toBe(1);
  });

  it('refuses data of another engine, and a record that it cannot read', async () => {
    const other = await folder();
    await writeFile(
      join(other, 'engine.json'),
      JSON.stringify({ engine: 'documentdb', version: '17', createdAt: 'then' }),
    );
    const refused = startDatabase({ dataDir: other, log });
    await expect(refused).rejects.toBeInstanceOf(SetupError);
    await expect(refused).rejects.toThrow(/was written by documentdb 17/);
    await writeFile(join(other, 'engine.json'), '{"engine":"oracle"}');
    await expect(startDatabase({ dataDir: other, log })).rejects.toThrow(/does not say which database engine/);
  });
});

describe('the command line', () => {
  it.each(['SIGTERM', 'SIGKILL'] as const)('leaves no process behind when it is ended by %s', async (signal) => {
    const cli = fileURLToPath(new URL('../../../scripts/services/database/cli.ts', import.meta.url));
    const child = spawn(process.execPath, ['--import', 'tsx', cli, '--data', await folder()], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
    await until('it prints the address', () => said.includes('mongodb://'), { timeoutMs: 120_000 });
    const uri = /mongodb:\S+/.exec(said)?.[0] ?? '';
    expect(await withClient(uri, (client) => client.db('a').command({ ping: 1 }))).toMatchObject({ ok: 1 });
    const children = (await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8'))
      .trim()
      .split(' ')
      .map(Number);
    expect(children.length).toBeGreaterThan(0);
    child.kill(signal);
    await once(child, 'exit');
    await until('its children are gone', () => children.every((pid) => !isAlive(pid)));
  });
});
