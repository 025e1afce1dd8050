import { MongoClient } from 'mongodb';
import type { Doc } from '../../../server/store/mongo.ts';

export interface Latencies {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

/** Starts work at a steady rate, whether or not what was started before has ended; latency counts from when it was due. */
export async function openLoop(
  perSecond: number,
  seconds: number,
  work: (i: number) => Promise<unknown>,
): Promise<Latencies> {
  const count = Math.round(perSecond * seconds);
  const began = performance.now();
  const taken: Promise<number>[] = [];
  while (taken.length < count) {
    const due = Math.min(count, Math.ceil(((performance.now() - began) / 1000) * perSecond));
    while (taken.length < due) {
      const at = began + (taken.length / perSecond) * 1000;
      taken.push(work(taken.length).then(() => performance.now() - at));
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return summary(await Promise.all(taken), performance.now() - began);
}

/** As fast as `atOnce` workers go, one thing after the other each. */
export async function closedLoop(
  atOnce: number,
  seconds: number,
  work: (i: number) => Promise<unknown>,
): Promise<Latencies> {
  const began = performance.now();
  const taken: number[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (performance.now() - began < seconds * 1000) {
      const at = performance.now();
      await work(next++);
      taken.push(performance.now() - at);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return summary(taken, performance.now() - began);
}

/** Bare durable inserts of copies of a document, one by one: at a rate, or as fast as they go. */
export async function insertLoad(order: {
  uri: string;
  dbName: string;
  document: Record<string, unknown>;
  perSecond: number | null;
  atOnce: number;
  seconds: number;
}): Promise<Latencies> {
  const { uri, dbName, document, perSecond, atOnce, seconds } = order;
  const client = new MongoClient(uri, { retryWrites: false, maxPoolSize: 40 });
  await client.connect();
  try {
    const bare = client.db(dbName).collection<Doc>('bare', { writeConcern: { w: 'majority', journal: true } });
    const series = `${Date.now()}`;
    const work = (i: number) => bare.insertOne({ ...document, _id: `${series}/${i}` });
    return await (perSecond === null ? closedLoop(atOnce, seconds, work) : openLoop(perSecond, seconds, work));
  } finally {
    await client.close();
  }
}

function summary(taken: readonly number[], ms: number): Latencies {
  const sorted = Float64Array.from(taken).sort();
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
  return { perSecond: (taken.length * 1000) / ms, p50: at(0.5), p99: at(0.99) };
}
