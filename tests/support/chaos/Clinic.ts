import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient, type Db } from 'mongodb';
import { testRepos } from '../../support/repos.ts';
import { demoPassword } from '../../../server/seed/people.ts';
import { newId, randomBelow } from '../../../server/support/ids.ts';
import { newPatientCode } from '../../../shared/patientCode.ts';
import { startDatabaseProcess, type DatabaseProcess } from '../databaseProcess.ts';
import { hubEnvironment } from '../hub.ts';
import { bundleHub, startHubProcess, type HubProcess } from '../hubProcess.ts';
import { TestClient } from '../TestClient.ts';
import { until } from '../until.ts';
import * as actors from './actors.ts';
import { Player } from './Player.ts';
import type { Random } from './random.ts';
import type { Recorder } from './Recorder.ts';

const dbName = 'chaos';
const extraPatients = 4;

/** Two hubs and a database in processes of their own, and people who use them. */
export class Clinic {
  readonly hubs: [HubProcess | null, HubProcess | null] = [null, null];
  readonly sessions: string[] = [];
  database: DatabaseProcess;
  readonly #dataDir: string;
  readonly #bundle: string;
  readonly #env: Readonly<Record<string, string>>;
  readonly #recorder: Recorder;
  readonly #where: actors.Whereabouts = new Map();
  readonly #client: MongoClient;
  #doctors: { player: Player; sessionId: string; hub: number }[] = [];
  #staff: Player[] = [];
  #patients: Player[] = [];

  private constructor(database: DatabaseProcess, dataDir: string, bundle: string, recorder: Recorder) {
    this.database = database;
    this.#dataDir = dataDir;
    this.#bundle = bundle;
    this.#recorder = recorder;
    this.#env = hubEnvironment({ uri: database.uri, dbName }).env;
    this.#client = new MongoClient(database.uri, { serverSelectionTimeoutMS: 2_000 });
  }

  static async open(recorder: Recorder): Promise<Clinic> {
    const dataDir = await mkdtemp(join(tmpdir(), 'nadi-chaos-'));
    const [database, bundle] = await Promise.all([startDatabaseProcess(dataDir), bundleHub()]);
    const clinic = new Clinic(database, dataDir, bundle, recorder);
    await clinic.startHubs();
    await clinic.#admitPeople();
    return clinic;
  }

  async close(): Promise<void> {
    for (const player of this.#players()) player.disconnect();
    await Promise.all(this.hubs.map(async (hub) => await hub?.close()));
    await this.#client.close();
    await this.database.stop();
    await rm(this.#dataDir, { recursive: true, force: true });
    await rm(this.#bundle, { force: true });
  }

  get db(): Db {
    return this.#client.db(dbName);
  }

  /** Starts the hubs that are not running. */
  async startHubs(): Promise<void> {
    const start = async (i: 0 | 1): Promise<void> => {
      if (this.hubs[i]?.running() !== true) this.hubs[i] = await startHubProcess(this.#env, this.#bundle);
    };
    await Promise.all([start(0), start(1)]);
  }

  /** Every process at once, in the order in which the signals happen to arrive. */
  async killEverything(): Promise<void> {
    await Promise.all([this.database.killAll(), ...this.hubs.map(async (hub) => await hub?.kill())]);
  }

  /** What a machine does after a power cut: the same data folder, the same port, everything from the start. */
  async startEverything(): Promise<void> {
    this.database = await startDatabaseProcess(this.#dataDir, this.database.port);
    await this.startHubs();
    await this.reachable();
  }

  /** Waits until the database answers again. */
  async reachable(): Promise<void> {
    await until('the database to answer', async () => (await this.db.command({ ping: 1 }))['ok'] === 1, {
      timeoutMs: 60_000,
    });
  }

  /** Everybody (re)connects, each to one of the hubs. */
  async connect(random: Random): Promise<void> {
    const urlOf = (i: number): string => this.hubs[i]?.url ?? '';
    for (const { player, hub } of this.#doctors) await player.connect(urlOf(hub));
    for (const player of [...this.#staff, ...this.#patients]) await player.connect(urlOf(random.int(0, 1)));
  }

  /** The people without a connection come back, to whichever hub is there. */
  async reconnect(): Promise<void> {
    for (const player of this.#players()) {
      const there = this.hubs.find((hub) => hub?.running());
      if (!player.connected && there) await player.connect(there.url);
    }
  }

  /** Everybody works until `over`. */
  async work(random: Random, over: () => boolean): Promise<void> {
    const burst = { random, sessions: this.sessions, over };
    await Promise.all([
      ...this.#doctors.map(({ player, sessionId }) => actors.doctor(burst, player, sessionId)),
      ...this.#staff.map((player) => actors.staff(burst, player)),
      ...this.#patients.map((player) => actors.patient(burst, player, this.#where)),
    ]);
  }

  /** Those who do not know what became of a command ask again; a few give up. */
  async retryLost(random: Random): Promise<number> {
    const players = new Map(this.#players().map((player) => [player.accountId, player]));
    const again = this.#recorder.lost().filter((command) => command.attempts.length < 6 && random.chance(0.8));
    await Promise.all(again.map(async (command) => await players.get(command.accountId)?.attempt(command)));
    return again.length;
  }

  /** Everybody who follows a queue, with where their copy stands. */
  followers(): { sessionId: string; player: Player }[] {
    return [
      ...this.#doctors.map(({ player, sessionId }) => ({ player, sessionId })),
      ...this.#staff.flatMap((player) => this.sessions.map((sessionId) => ({ player, sessionId }))),
    ];
  }

  #players(): Player[] {
    return [...this.#doctors.map(({ player }) => player), ...this.#staff, ...this.#patients];
  }

  async #admitPeople(): Promise<void> {
    const url = this.hubs[0]?.url ?? '';
    const signIn = async (email: string): Promise<Player> =>
      new Player((await TestClient.login(url, email, demoPassword)).data, this.#recorder);
    for (const who of ['doctor', 'doctor2']) {
      const desk = await TestClient.as(url, who);
      const { sessions } = await desk.call('queue.sessions', {});
      desk.close();
      const sessionId = sessions[0]?.id ?? '';
      this.sessions.push(sessionId);
      for (const hub of [0, 1]) {
        const player = await signIn(`${who}@demo.nadi`);
        await player.follow(sessionId);
        this.#doctors.push({ player, sessionId, hub });
      }
    }
    const people = ['patient@demo.nadi', 'patient2@demo.nadi', ...(await this.#moreAccounts())];
    for (const email of people) this.#patients.push(await signIn(email));
    for (let i = 0; i < 2; i++) {
      const player = await signIn('staff@demo.nadi');
      for (const sessionId of this.sessions) await player.follow(sessionId);
      this.#staff.push(player);
    }
  }

  async #moreAccounts(): Promise<string[]> {
    const repos = testRepos(this.db);
    const model = await repos.accounts.one({ email: 'patient@demo.nadi' });
    if (!model) throw new Error('the demo patient is missing');
    const emails: string[] = [];
    for (let i = 0; i < extraPatients; i++) {
      const account = { ...model, _id: newId(), email: `more${i}@demo.nadi`, name: `More ${i}` };
      await repos.accounts.insert(account);
      for (const child of [0, 1]) {
        await repos.patients.insert({
          _id: newId(),
          code: newPatientCode(randomBelow),
          name: `More ${i}.${child}`,
          gender: 'unstated',
          birthYear: 1990,
          phone: null,
          guardians: [{ accountId: account._id, relation: 'self' }],
          createdAt: Date.now(),
        });
      }
      emails.push(account.email);
    }
    return emails;
  }
}
