import type { Document } from 'mongodb';
import { interleave, mean } from '../support/measure.ts';
import type { Latencies } from '../support/load.ts';
import { figures, type Figures } from '../support/report.ts';
import type { Stage } from '../support/Stage.ts';
import { takePlace } from '../support/people.ts';

const people = 40;

/**
 * A message from a patient to its acknowledgement, persisted and told to the thread, at half the rate that bare durable inserts
 * of the same document sustain one after the other. Open loop: what is late does not slow what follows. Also how many messages
 * a second forty patients get through who each wait for their acknowledgement, and how many inserts forty connections do.
 */
export async function chat(stage: Stage): Promise<Figures> {
  const [sessionId = ''] = await stage.sessions(1);
  const patients = await stage.people('patient', people);
  const threads: string[] = [];
  for (const patient of patients) threads.push(await takePlace(stage.hub.url, sessionId, patient));
  await stage.gather(
    'chat',
    stage.hub,
    patients.map(({ token }, i) => ({
      kind: 'hub' as const,
      token,
      rooms: [{ channel: 'chat', key: threads[i] ?? '' }],
    })),
  );
  const seconds = stage.quick ? 1 : 3;
  const { uri, dbName, db } = stage.database;
  const send = (perSecond: number) => stage.crowd<Latencies>('chat', { crowd: 'chat', perSecond, seconds });
  // What a message is once it is stored, whatever the hub adds to it.
  await send(50);
  const document = await db.collection<Document>('events').findOne({ stream: `chat:${threads[0] ?? ''}` });
  const insert = (perSecond: number | null, atOnce = 1) =>
    stage.crowd<Latencies>('insert', { uri, dbName, document, perSecond, atOnce, seconds });
  await insert(null);
  const sustained = (await insert(null)).perSecond;
  const most = (await insert(null, 40)).perSecond;
  const mostSent = (await stage.crowd<Latencies>('chat', { crowd: 'chat', perSecond: null, seconds })).perSecond;
  const rate = sustained / 2;
  await Promise.all([send(rate / 4), insert(rate / 4)]);
  const seen = { chat: [] as number[], insert: [] as number[] };
  const pairs = await interleave(
    stage.pairs,
    async () => {
      const { p99 } = await send(rate);
      seen.chat.push(p99);
      return p99;
    },
    async () => {
      const { p99 } = await insert(rate);
      seen.insert.push(p99);
      return 1.5 * p99 + 10;
    },
  );
  return figures({ unit: 'p99 ms (peer: 1.5 × insert p99 + 10)', target: 1, best: 'low' }, pairs, {
    'inserts/s': sustained,
    'messages/s': rate,
    'p99 ms': mean(seen.chat),
    'insert p99 ms': mean(seen.insert),
    'most messages/s': mostSent,
    'most inserts/s': most,
  });
}
