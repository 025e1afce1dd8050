import { setTimeout as delay } from 'node:timers/promises';
import { MongoClient, type Collection } from 'mongodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../support/until.ts';
import { seeded, startOwn, type OwnDatabase } from './support.ts';

/** Always a database of its own: it is killed here. */
let database: OwnDatabase;
beforeAll(async () => {
  database = await startOwn();
});
afterAll(async () => {
  await database.remove();
});

interface Entry {
  _id: string;
  round: number;
  n: number;
}

interface Burst {
  acknowledged: string[];
  increments: number;
  attempted: number;
}

/** Eight writers, each a sequence of inserts and increments, until `signal`; failures are retried with new ids. */
async function burst(
  entries: Collection<Entry>,
  counters: Collection<{ _id: string; n: number }>,
  round: number,
  signal: AbortSignal,
): Promise<Burst> {
  const result: Burst = { acknowledged: [], increments: 0, attempted: 0 };
  const writer = async (id: number): Promise<void> => {
    for (let n = 0; !signal.aborted; n++) {
      const _id = `${round}:${id}:${n}`;
      result.attempted++;
      try {
        if (n % 4 === 3) {
          await entries.insertMany([
            { _id, round, n },
            { _id: `${_id}+`, round, n },
          ]);
          result.acknowledged.push(_id, `${_id}+`);
        } else {
          await entries.insertOne({ _id, round, n });
          result.acknowledged.push(_id);
        }
        await counters.updateOne({ _id: `r${round}` }, { $inc: { n: 1 } });
        result.increments++;
      } catch {
        await delay(5); // not acknowledged: may or may not be there
      }
    }
  };
  await Promise.all(Array.from({ length: 8 }, (_, id) => writer(id)));
  return result;
}

describe('kill -9 in a burst of writes', () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const random = seeded(seed);
  process.stdout.write(`kill -9 rounds, seed ${seed}\n`);
  const victims = [
    'engine',
    'gateway',
    'both',
    'engine',
    'gateway',
    'both',
    'engine',
    'gateway',
    'engine',
    'both',
  ] as const;

  it.each(victims.map((victim, round) => ({ victim, round, afterMs: 150 + Math.floor(random() * 500) })))(
    'loses nothing acknowledged (round $round: $victim after $afterMs ms)',
    async ({ victim, round, afterMs }) => {
      const client = await new MongoClient(database.uri, { serverSelectionTimeoutMS: 20_000 }).connect();
      try {
        const entries = client.db('crash').collection<Entry>('entries');
        const counters = client.db('crash').collection<{ _id: string; n: number }>('counters');
        if (round === 0) await entries.createIndex({ round: 1, n: 1, _id: 1 }, { unique: true });
        await counters.insertOne({ _id: `r${round}`, n: 0 });
        const stop = new AbortController();
        const running = burst(entries, counters, round, stop.signal);
        await delay(afterMs);
        const before = database.pids();
        for (const which of ['engine', 'gateway'] as const) {
          const pid = before[which];
          if (pid !== undefined && (victim === which || victim === 'both')) process.kill(pid, 'SIGKILL');
        }
        await until(
          'the killed process is running again',
          () => {
            const now = database.pids();
            return (
              (victim === 'gateway' || (now.engine ?? before.engine) !== before.engine) &&
              (victim === 'engine' || (now.gateway ?? before.gateway) !== before.gateway)
            );
          },
          { timeoutMs: 30_000 },
        );
        await until(
          'writes are accepted again',
          () => entries.insertOne({ _id: `probe${round}:${Math.random()}`, round: -1, n: 0 }).then(() => true),
          {
            timeoutMs: 30_000,
          },
        );
        stop.abort();
        const { acknowledged, increments, attempted } = await running;
        expect(acknowledged.length).toBeGreaterThan(0);
        const found = new Set(
          (await entries.find({ round }, { projection: { _id: 1 } }).toArray()).map(({ _id }) => _id),
        );
        expect(acknowledged.filter((id) => !found.has(id))).toEqual([]);
        const counter = await counters.findOne({ _id: `r${round}` });
        expect(counter?.n).toBeGreaterThanOrEqual(increments);
        expect(counter?.n).toBeLessThanOrEqual(attempted);
        // The index and the documents agree after recovery.
        expect(await entries.countDocuments({ round })).toBe(found.size);
      } finally {
        await client.close();
      }
    },
  );

  it('and all of it is still there after an orderly stop and a start', async () => {
    const counts = async (uri: string): Promise<number> => {
      const client = await new MongoClient(uri).connect();
      try {
        return await client.db('crash').collection('entries').countDocuments();
      } finally {
        await client.close();
      }
    };
    const before = await counts(database.uri);
    await database.stop();
    database = await startOwn(database.dataDir);
    expect(await counts(database.uri)).toBe(before);
  });
});
