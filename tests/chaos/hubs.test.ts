import { randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Random } from '../support/chaos/random.ts';
import { Recorder } from '../support/chaos/Recorder.ts';
import { TwoHubs } from '../support/chaos/TwoHubs.ts';
import { startDatabaseProcess, type DatabaseProcess } from '../support/databaseProcess.ts';
import { readFound } from '../support/history/read.ts';
import { startRedis, type RedisProcess } from '../support/redisProcess.ts';
import { until } from '../support/until.ts';

/**
 * `NADI_CHAOS_SEED` repeats from one seed (choices, not the machine's timing); `NADI_CHAOS_ROUNDS` says how many rounds.
 * The data is kept over all rounds: each meets what the ones before it left behind.
 */
const firstSeed = Number(process.env['NADI_CHAOS_SEED'] ?? randomInt(1_000_000));
const rounds = Number(process.env['NADI_CHAOS_ROUNDS'] ?? 24);
const say = (line: string): void => void process.stdout.write(`    hubs: ${line}\n`);

let dataDir: string;
let engine: DatabaseProcess;
let client: MongoClient;
let redis: RedisProcess;
let clinic: TwoHubs;
const random = new Random(firstSeed);
const recorder = new Recorder(`hubs${firstSeed}`);

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'nadi-hubs-'));
  [engine, redis] = await Promise.all([startDatabaseProcess(dataDir), startRedis()]);
  client = new MongoClient(engine.uri, { serverSelectionTimeoutMS: 2_000, retryWrites: false });
  const dbName = 'hubs';
  const database = { uri: engine.uri, dbName, client, db: client.db(dbName), drop: async () => await client.close() };
  const settings = { REDIS_URL: redis.url, NADI_PING_MS: '1000', NADI_DRAIN_MS: '400' };
  clinic = await TwoHubs.open(settings, recorder, random, database);
});
afterAll(async () => {
  await clinic.close();
  await redis.stop();
  await engine.stop();
  await rm(dataDir, { recursive: true, force: true });
});

const either = (): 0 | 1 => (random.chance(0.5) ? 0 : 1);

/** What breaks, in the middle of work; when it returns, it works again. */
const faults: Readonly<Record<string, () => Promise<void>>> = {
  'kill -9 of a hub': async () => {
    const i = either();
    await clinic.hubs[i].kill();
    await clinic.busy(5);
    await clinic.restart(i);
  },
  'half-open sockets': async () => {
    const many = clinic.halfOpen();
    say(`${many} connections died without a word`);
    await clinic.busy(10);
  },
  'Redis paused': async () => {
    redis.freeze();
    await clinic.busy(random.int(5, 25));
    redis.thaw();
  },
  'Redis killed': async () => {
    await redis.kill();
    await clinic.busy(random.int(5, 15));
    await redis.start();
  },
  'rolling restart': async () => {
    const i = either();
    await clinic.hubs[i].kill('SIGTERM');
    await clinic.restart(i);
  },
  'database restarted': async () => {
    await engine.killAll();
    engine = await startDatabaseProcess(dataDir, engine.port);
    await clinic.busy(5);
  },
  'Redis paused and a hub killed': async () => {
    redis.freeze();
    const i = either();
    await clinic.hubs[i].kill();
    await clinic.restart(i);
    redis.thaw();
  },
};
const kinds = Object.keys(faults);
const plan = Array.from({ length: rounds }, (_, i) => ({ round: i + 1, fault: kinds[i % kinds.length] ?? '' }));

describe(`[I2] two hubs, Redis and a database that break in turn (seed ${firstSeed})`, () => {
  test.each(plan)('round $round: $fault', async ({ fault }) => {
    clinic.beginAll();
    await clinic.busy(random.int(5, 15));
    await faults[fault]?.();
    await clinic.busy(5);
    expect(await clinic.finish(), `NADI_CHAOS_SEED=${firstSeed}`).toEqual([]);
  });

  test('desks close while a hub is killed, and everything that should follow has followed', async () => {
    clinic.beginAll(true);
    await clinic.busy(20);
    await clinic.hubs[0].kill();
    await clinic.restart(0);
    await clinic.busy(5);
    expect(await clinic.finish()).toEqual([]);
    const { db } = clinic.database;
    await until(
      'every effect to be carried out and every join to be finished',
      async () => {
        const events = await db.collection('events').countDocuments({ due: { $exists: true } });
        const joins = await db.collection('places').countDocuments({ joiningSince: { $exists: true } });
        return events + joins === 0;
      },
      { timeoutMs: 90_000, everyMs: 250 },
    );
    const found = await readFound(db);
    expect(recorder.finalViolations(found), `NADI_CHAOS_SEED=${firstSeed}`).toEqual([]);
    say(
      `seed ${firstSeed}: ${recorder.acknowledged()} acknowledged over ${rounds} rounds, ${found.events.length} events`,
    );
  });
});
