import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { queueEvent, queueState, reduceQueue, waitingOrder, type QueueState } from '../../../shared/state/queue.ts';
import { AppError } from '../../../shared/errors.ts';
import { testDatabase, type TestDatabase } from '../../support/database.ts';
import { hubEnvironment } from '../../support/hub.ts';
import { startHubProcess, type HubProcess } from '../../support/hubProcess.ts';
import { TestClient } from '../../support/TestClient.ts';
import { until } from '../../support/until.ts';

const rounds = 20;
const callers = 50;
const moved = z.object({ epoch: z.int(), seq: z.int(), state: queueState });

/** What a desk sees: its first snapshot, then every batch, each event once and without a hole. */
class Desk {
  readonly client: TestClient;
  readonly #sessionId: string;
  #state: QueueState;
  #seq: number;
  #read = 0;

  private constructor(client: TestClient, sessionId: string, seq: number, state: QueueState) {
    this.client = client;
    this.#sessionId = sessionId;
    this.#seq = seq;
    this.#state = state;
  }

  static async open(client: TestClient, sessionId: string): Promise<Desk> {
    const start = await client.subscribe('queue', sessionId);
    if (start.kind !== 'snapshot') throw new Error('expected a snapshot');
    return new Desk(client, sessionId, start.seq, queueState.parse(start.state));
  }

  get state(): QueueState {
    return this.#follow();
  }

  /** Waits until this desk has seen event `seq`. */
  async at(seq: number): Promise<QueueState> {
    await until(`a desk to see event ${seq}`, () => {
      this.#follow();
      return this.#seq >= seq;
    });
    return this.#state;
  }

  #follow(): QueueState {
    for (; this.#read < this.client.batches.length; this.#read++) {
      const batch = this.client.batches[this.#read];
      if (batch?.channel !== 'queue' || batch.key !== this.#sessionId) continue;
      expect(batch.events).toHaveLength(batch.to - batch.from + 1);
      for (const raw of batch.events) {
        const event = queueEvent.parse(raw);
        if (event.seq <= this.#seq) continue;
        expect(event.seq).toBe(this.#seq + 1);
        this.#seq = event.seq;
        this.#state = reduceQueue(this.#state, event);
      }
    }
    return this.#state;
  }
}

/** Calls simultaneously from every client in turn; who won, and what the others were told. */
async function round(clients: readonly TestClient[], sessionId: string, seen: string | null) {
  const all = await Promise.allSettled(
    Array.from({ length: callers }, async (_, i) => {
      const client = clients[i % clients.length];
      if (!client) throw new Error('nobody to call');
      return await client.call('queue.callNext', { sessionId, seen });
    }),
  );
  const won = all.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const lost = all.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
  return { won, lost };
}

async function twentyRounds(clients: readonly TestClient[], desks: readonly Desk[], sessionId: string): Promise<void> {
  const [first] = clients;
  const [desk] = desks;
  if (!first || !desk) throw new Error('nobody is there');
  const added: string[] = [];
  for (let i = 0; i < rounds; i++) {
    const client = clients[i % clients.length] ?? first;
    const urgent = i % 4 === 3 ? ('urgent' as const) : ('normal' as const);
    const person = { name: `Person ${i}`, age: 30 + i, gender: 'other' as const, reason: 'Cough', priority: urgent };
    added.push((await client.call('queue.addWalkIn', { sessionId, ...person })).entryId);
  }
  const queued = await until('everybody to be waiting', () => {
    const state = desk.state;
    return added.every((entryId) => entryId in state.entries) ? state : null;
  });
  let seen = queued.current;
  const called: string[] = [];
  let head = 0;
  const expected = waitingOrder(queued).map((entry) => entry.id);
  for (let i = 0; i < rounds; i++) {
    const { won, lost } = await round(clients, sessionId, seen);
    expect(won).toHaveLength(1);
    expect(lost).toHaveLength(callers - 1);
    const winner = won[0]?.entryId ?? '';
    for (const error of lost) {
      if (!(error instanceof AppError)) throw error;
      expect(error.code).toBe('QUEUE_MOVED');
      const { seq, state } = moved.parse(error.details);
      expect(state.current).toBe(winner);
      expect(state.entries[winner]?.state).toBe('called');
      expect(seq).toBeGreaterThanOrEqual(won[0]?.seq ?? Infinity);
    }
    called.push(winner);
    seen = winner;
    await clients[(i + 1) % clients.length]?.call('queue.start', { sessionId, entryId: winner });
    const finished = await clients[(i + 2) % clients.length]?.call('queue.finish', { sessionId, entryId: winner });
    head = finished?.seq ?? Infinity;
  }
  expect(called).toEqual(expected.slice(0, rounds));
  // A hub may be a moment behind the other: its snapshot counts once it has the last finish.
  const fresh = await until('a snapshot of the end', async () => {
    const start = await first.subscribe('queue', sessionId);
    return start.kind === 'snapshot' && start.seq >= head ? start : null;
  });
  for (const one of desks) expect(await one.at(fresh.seq)).toEqual(queueState.parse(fresh.state));
}

describe('[C3] call next, fifty at once, twenty times', () => {
  let database: TestDatabase;
  let hubs: HubProcess[];
  const clients: TestClient[] = [];

  beforeAll(async () => {
    database = await testDatabase();
    const { env } = hubEnvironment(database);
    hubs = await Promise.all([startHubProcess(env), startHubProcess(env)]);
  });
  afterAll(async () => {
    for (const client of clients) client.close();
    await Promise.all(hubs.map((hub) => hub.close()));
    await database.drop();
  });
  const signIn = async (hub: HubProcess | undefined, who: string): Promise<TestClient> => {
    const client = await TestClient.as(hub?.url ?? '', who);
    clients.push(client);
    return client;
  };
  const sessionOf = async (doctor: TestClient): Promise<string> =>
    (await doctor.call('queue.sessions', {})).sessions[0]?.id ?? '';

  test('on one hub: one wins, the others get the new state', async () => {
    const [hub] = hubs;
    const people = await Promise.all(['doctor', 'doctor', 'staff', 'staff'].map((who) => signIn(hub, who)));
    const sessionId = await sessionOf(people[0] as TestClient);
    const desks = await Promise.all(people.map((client) => Desk.open(client, sessionId)));
    await twentyRounds(people, desks, sessionId);
  });

  test('over two hub processes on one database: the same, and every desk ends equal', async () => {
    const people = await Promise.all(
      hubs.flatMap((hub) => ['doctor2', 'staff', 'staff'].map((who) => signIn(hub, who))),
    );
    const sessionId = await sessionOf(people[0] as TestClient);
    const desks = await Promise.all(people.map((client) => Desk.open(client, sessionId)));
    await twentyRounds(people, desks, sessionId);
    const events = await database.db
      .collection('events')
      .find({ stream: `queue:${sessionId}` })
      .toArray();
    expect(new Set(events.map((event) => String(event['hub']))).size).toBeGreaterThanOrEqual(2);
  });
});
