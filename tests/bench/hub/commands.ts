import { MongoClient } from 'mongodb';
import type { Doc } from '../../../server/store/mongo.ts';
import { interleave, median } from '../support/measure.ts';
import { figures, type Figures } from '../support/report.ts';
import type { Stage } from '../support/Stage.ts';

const count = 600;

/** Desk commands per second on one queue and over 200, against bare durable inserts of the same documents one by one. */
export async function commands(stage: Stage): Promise<Figures> {
  const keys = await stage.sessions(stage.scaled(200));
  const queues = await Promise.all(keys.map(async (key) => ({ key, entryId: await stage.addWalkIn(key) })));
  const perSecond = async (work: (i: number) => Promise<unknown>): Promise<number> => {
    const began = performance.now();
    await Promise.all(Array.from({ length: count }, (_, i) => work(i)));
    return (count * 1000) / (performance.now() - began);
  };
  const over = (few: number) => () =>
    perSecond(async (i) => {
      const queue = queues[i % Math.min(few, queues.length)];
      if (queue) await stage.raise(queue.key, queue.entryId);
    });
  const one = over(1);
  const many = over(200);
  await one();
  const { database } = stage;
  const stream = `queue:${queues[0]?.key ?? ''}`;
  const events = await database.db.collection('events').find({ stream }).limit(count).toArray();
  const client = new MongoClient(database.uri, { retryWrites: false, maxPoolSize: 40 });
  await client.connect();
  try {
    let series = 0;
    const inserts = () => {
      const bare = client
        .db(database.dbName)
        .collection<Doc>(`bare${series++}`, { writeConcern: { w: 'majority', journal: true } });
      return perSecond((i) => bare.insertOne({ ...events[i % events.length], _id: `${series}/${i}` }));
    };
    await inserts();
    await many();
    const onMany: number[] = [];
    const pairs = await interleave(stage.pairs, one, async () => {
      onMany.push(await many());
      return await inserts();
    });
    const peer = median(pairs.map((pair) => pair.peer));
    const manyRatio = median(onMany) / peer;
    const result = figures({ unit: 'commands (inserts) per second', target: 0.7, best: 'high' }, pairs, {
      'on 200 queues': median(onMany),
      'ratio on 200': manyRatio,
    });
    return { ...result, json: { ...result.json, met: result.json['met'] === true && manyRatio >= 0.7 } };
  } finally {
    await client.close();
  }
}
