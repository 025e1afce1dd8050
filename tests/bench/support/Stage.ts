import { testRepos } from '../../support/repos.ts';
import { newId } from '../../../server/support/ids.ts';
import { testDatabase, type TestDatabase } from '../../support/database.ts';
import { hubEnvironment } from '../../support/hub.ts';
import { TestClient } from '../../support/TestClient.ts';
import type { Tally } from './Crowd.ts';
import type { Greeting } from './LightClient.ts';
import { makePeople, type Person } from './people.ts';
import { start, startServer, type BenchProcess, type BenchServer } from './processes.ts';
import type { Figures } from './report.ts';
import type { Published, Round } from './round.ts';

/** What every bench stands on: a database, the hub, a bare Socket.IO server and the clients, each in its own process. */
export class Stage {
  readonly database: TestDatabase;
  readonly hub: BenchServer;
  readonly bare: BenchServer;
  readonly staff: TestClient;
  readonly quick: boolean;
  readonly #crowds: BenchProcess;
  readonly #secret: string;
  readonly #clinicId: string;
  readonly #doctorId: string;

  private constructor(
    parts: { database: TestDatabase; hub: BenchServer; bare: BenchServer; staff: TestClient; crowds: BenchProcess },
    given: { secret: string; clinicId: string; doctorId: string; quick: boolean },
  ) {
    this.database = parts.database;
    this.hub = parts.hub;
    this.bare = parts.bare;
    this.staff = parts.staff;
    this.quick = given.quick;
    this.#crowds = parts.crowds;
    this.#secret = given.secret;
    this.#clinicId = given.clinicId;
    this.#doctorId = given.doctorId;
  }

  static async set(quick: boolean): Promise<Stage> {
    const database = await testDatabase();
    const { env } = hubEnvironment(database, { NADI_TAIL_MS: '1000' });
    const [hub, bare, crowds] = await Promise.all([
      startServer('hubServer', env),
      startServer('bareServer', { BENCH_URI: database.uri, BENCH_DB: database.dbName }),
      start('crowdMain'),
    ]);
    const secret = env['NADI_SECRET'] ?? '';
    await bare.remote.call('secret', secret);
    const staff = await TestClient.as(hub.url, 'staff');
    const repos = testRepos(database.db);
    const [session] = await repos.deskSessions.many({});
    const given = { secret, clinicId: session?.clinicId ?? '', doctorId: session?.doctorId ?? '', quick };
    return new Stage({ database, hub, bare, staff, crowds }, given);
  }

  async strike(): Promise<void> {
    this.staff.close();
    await Promise.all([this.hub, this.bare, this.#crowds].map((one) => one.stop()));
    await this.database.drop();
  }

  /** How many pairs are measured. */
  get pairs(): number {
    return this.quick ? 3 : 10;
  }

  /** Less of everything when it has to be quick. */
  scaled(count: number): number {
    return this.quick ? Math.ceil(count / 5) : count;
  }

  people(role: 'patient' | 'staff', count: number): Promise<Person[]> {
    return makePeople(this.database.db, this.#secret, role, count, role === 'staff' ? [this.#clinicId] : []);
  }

  /** Desk sessions that stand open, nobody in their queues yet. */
  async sessions(count: number): Promise<string[]> {
    const repos = testRepos(this.database.db);
    const ids = Array.from({ length: count }, newId);
    await Promise.all(
      ids.map((id) =>
        repos.deskSessions.insert({
          _id: id,
          doctorId: this.#doctorId,
          clinicId: this.#clinicId,
          label: 'Bench',
          startsAt: Date.now(),
          status: 'open',
          slotMinutes: 15,
        }),
      ),
    );
    return ids;
  }

  get clinicId(): string {
    return this.#clinicId;
  }

  /** Connects clients and has them take part. Returns how long it took, ms. */
  gather(crowd: string, server: { url: string }, greetings: readonly Greeting[], atOnce = 50): Promise<number> {
    return this.#crowds.remote.call<number>('gather', { crowd, url: server.url, greetings, atOnce });
  }
  heard(crowd: string, events: number): Promise<void> {
    return this.#crowds.remote.call('heard', { crowd, events });
  }
  tally(crowd: string): Promise<Tally> {
    return this.#crowds.remote.call<Tally>('tally', { crowd });
  }
  forget(crowd: string): Promise<void> {
    return this.#crowds.remote.call('forget', { crowd });
  }
  leave(crowd: string): Promise<void> {
    return this.#crowds.remote.call('leave', { crowd });
  }
  /** Any other order to the clients' process. */
  crowd<T = void>(name: string, input: object): Promise<T> {
    return this.#crowds.remote.call<T>(name, input);
  }

  publish(round: Published): Promise<void> {
    return this.hub.remote.call('publish', round);
  }

  /** CPU seconds of a server until a crowd has heard what it is sent. */
  async cost(server: BenchServer, crowd: string, events: number, send: () => Promise<unknown>): Promise<number> {
    await this.forget(crowd);
    const before = await server.usage();
    await send();
    await this.heard(crowd, events);
    return (await server.usage()).cpu - before.cpu;
  }

  /** Frames that a server delivers per CPU-second. Frames, not events: two in one batch are one delivery. */
  async deliveries(server: BenchServer, crowd: string, events: number, send: () => Promise<unknown>): Promise<number> {
    const cpu = await this.cost(server, crowd, events, send);
    return (await this.tally(crowd)).frames / cpu;
  }

  /** One desk command, one event: an entry is put where it is. Nobody is notified of it, so that this is all there is. */
  async raise(sessionId: string, entryId: string): Promise<void> {
    await this.staff.call('queue.requeue', { sessionId, entryId, position: 1 });
  }

  /** A queue with one walk-in in it. */
  async addWalkIn(sessionId: string): Promise<string> {
    const person = { name: 'Bench', age: 40, gender: 'other' as const, reason: 'Bench' };
    return (await this.staff.call('queue.addWalkIn', { sessionId, ...person })).entryId;
  }
}

/** Sends a peer the frame that the hub sends, so that both put the same bytes on the wire. */
export function send(server: BenchServer, round: Omit<Round, 'frame'> & { readonly frame: unknown }): Promise<void> {
  return server.remote.call('publish', round);
}

export type Bench = (stage: Stage) => Promise<Figures>;
