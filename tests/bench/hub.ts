import { setTimeout as delay } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import type { Doc } from '../../server/store/mongo.ts';
import { contractVersion } from '../../shared/contract/wire.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { hubEnvironment } from '../support/hub.ts';
import { bundleHub, startHubProcess, type HubProcess } from '../support/hubProcess.ts';
import { seededRandom } from '../support/simulatedClinic.ts';
import { TestClient } from '../support/TestClient.ts';
import { Crowd, startPeer, subscribe } from './support/crowd.ts';
import { cpuSeconds, median, ratioOfPairs } from './support/measure.ts';

const pairs = 10;
const framesPerRound = 40;
/** Between two events, ms: longer than the hub gathers a burst, so that one event is one frame on both sides. */
const paceMs = 60;

interface Bench {
  readonly database: TestDatabase;
  readonly hub: HubProcess;
  readonly staff: TestClient;
  readonly sessionId: string;
  readonly entryId: string;
}
type Row = Record<string, string | number>;
interface Figures {
  readonly row: Row;
  readonly json: { readonly ratio: number; readonly lower: number } & Record<string, number>;
}

/**
 * The hub against bare peers, measured in turn in one run: `room1k` (one room of 1,000 sockets, deliveries per CPU-second of
 * the server process, from a committed append to the socket) and `commands` (commands per second on one queue against bare
 * inserts of the same documents). Arguments choose some: `npm run bench -- hub commands`.
 */
export async function run(args: readonly string[]): Promise<{ table: Row[]; json: Record<string, unknown> }> {
  const wanted = args.length > 0 ? args : ['room1k', 'commands'];
  const database = await testDatabase();
  const hub = await startHubProcess(hubEnvironment(database).env, await bundleHub());
  const staff = await TestClient.as(hub.url, 'staff');
  const { sessions } = await staff.call('queue.sessions', {});
  const sessionId = sessions[0]?.id ?? '';
  const person = { name: 'Bench', age: 40, gender: 'other' as const, reason: 'Bench' };
  const { entryId } = await staff.call('queue.addWalkIn', { sessionId, ...person });
  const bench: Bench = { database, hub, staff, sessionId, entryId };
  try {
    const table: Row[] = [];
    const json: Record<string, unknown> = {};
    for (const [name, measure] of Object.entries({ room1k, commands })) {
      if (!wanted.includes(name)) continue;
      const figures = await measure(bench);
      table.push({ bench: name, ...figures.row });
      json[name] = figures.json;
    }
    return { table, json };
  } finally {
    staff.close();
    await hub.close();
    await database.drop();
  }
}

/** One committed event to everybody in the room. */
async function raise({ staff, sessionId, entryId }: Bench, i: number): Promise<void> {
  await staff.call('queue.prioritise', { sessionId, entryId, priority: i % 2 ? 'urgent' : 'normal' });
}

async function room1k(bench: Bench): Promise<Figures> {
  const sockets = 1_000;
  const [ours, theirs] = [new Crowd(), new Crowd()];
  const peer = await startPeer();
  const auth = { token: bench.staff.signedIn.accessToken, contract: contractVersion };
  await ours.gather(bench.hub.url, sockets, auth, (socket) => subscribe(socket, 'queue', bench.sessionId));
  await theirs.gather(peer.url, sockets, {}, () => Promise.resolve());
  const round = async (crowd: Crowd, pid: number, send: (i: number) => Promise<void>): Promise<number> => {
    const [before, cpu] = [crowd.received, cpuSeconds(pid)];
    for (let i = 0; i < framesPerRound; i++) {
      await Promise.all([send(i), delay(paceMs)]);
    }
    await crowd.heard(before, framesPerRound);
    return (framesPerRound * sockets) / (cpuSeconds(pid) - cpu);
  };
  const hubRound = () => round(ours, bench.hub.pid, (i) => raise(bench, i));
  await hubRound();
  // The very frame the hub sends, so that both put the same bytes on the wire.
  const frame = ours.last;
  const peerRound = () => round(theirs, peer.pid, () => Promise.resolve(peer.emit(frame)));
  await peerRound();
  const measured: { ours: number; peer: number }[] = [];
  for (let i = 0; i < pairs; i++) {
    const first = i % 2 === 0 ? await hubRound() : 0;
    const peers = await peerRound();
    measured.push({ ours: first || (await hubRound()), peer: peers });
  }
  ours.leave();
  theirs.leave();
  peer.stop();
  const result = ratioOfPairs(measured, seededRandom(1));
  return {
    row: describe('deliveries per CPU-second', measured, result),
    json: { ...result, bytes: JSON.stringify(frame).length, pairs },
  };
}

async function commands(bench: Bench): Promise<Figures> {
  const count = 600;
  const { database, sessionId } = bench;
  const perSecond = async (work: (i: number) => Promise<unknown>): Promise<number> => {
    const began = performance.now();
    await Promise.all(Array.from({ length: count }, (_, i) => work(i)));
    return (count * 1000) / (performance.now() - began);
  };
  const hubRound = () => perSecond((i) => raise(bench, i));
  await hubRound();
  const events = await database.db
    .collection('events')
    .find({ stream: `queue:${sessionId}` })
    .limit(count)
    .toArray();
  const client = new MongoClient(database.uri, { retryWrites: false, maxPoolSize: 40 });
  await client.connect();
  let series = 0;
  const peerRound = () => {
    const bare = client
      .db(database.dbName)
      .collection<Doc>(`bare${series++}`, { writeConcern: { w: 'majority', journal: true } });
    return perSecond((i) => bare.insertOne({ ...events[i % events.length], _id: `${series}/${i}` }));
  };
  await peerRound();
  const measured: { ours: number; peer: number }[] = [];
  for (let i = 0; i < pairs; i++) {
    const first = i % 2 === 0 ? await hubRound() : 0;
    const peers = await peerRound();
    measured.push({ ours: first || (await hubRound()), peer: peers });
  }
  await client.close();
  const result = ratioOfPairs(measured, seededRandom(2));
  return { row: describe('commands (inserts) per second', measured, result), json: { ...result, pairs } };
}

function describe(
  unit: string,
  measured: readonly { ours: number; peer: number }[],
  result: { ratio: number; lower: number },
): Row {
  return {
    unit,
    ours: Math.round(median(measured.map((pair) => pair.ours))),
    peer: Math.round(median(measured.map((pair) => pair.peer))),
    ratio: Number(result.ratio.toFixed(3)),
    'lower 95 %': Number(result.lower.toFixed(3)),
  };
}
