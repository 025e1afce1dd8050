import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { demoPassword } from '../../../server/seed/people.ts';
import { createBalancer, type Balancer } from '../balancer.ts';
import { testDatabase, type TestDatabase } from '../database.ts';
import { queuesOf } from '../history/effects.ts';
import { readFound } from '../history/read.ts';
import { hubEnvironment } from '../hub.ts';
import { bundleHub, startHubProcess, type HubProcess } from '../hubProcess.ts';
import { TestClient } from '../TestClient.ts';
import { until } from '../until.ts';
import * as actors from './actors.ts';
import * as crew from './crew.ts';
import { Player } from './Player.ts';
import type { Random } from './random.ts';
import type { Recorder } from './Recorder.ts';

/** Long enough for a machine that does much else; when it is over, something hangs. */
const patience = { timeoutMs: 60_000 };

/** Two hubs in processes of their own behind a balancer that knows no stickiness, and a clinic that works through it. */
export class TwoHubs {
  readonly database: TestDatabase;
  readonly hubs: [HubProcess, HubProcess];
  readonly #balancer: Balancer;
  readonly #bundle: string;
  readonly #env: Readonly<Record<string, string>>;
  readonly #recorder: Recorder;
  readonly #random: Random;
  readonly #players: Player[] = [];
  readonly #sessions: string[] = [];
  readonly #where: actors.Whereabouts = new Map();
  /** The work under way; one that was left behind by a failure must not go on beside the next. */
  #shift = { over: true };
  #work: Promise<unknown> = Promise.resolve();

  private constructor(
    database: TestDatabase,
    hubs: [HubProcess, HubProcess],
    more: { balancer: Balancer; bundle: string; env: Readonly<Record<string, string>> },
    recorder: Recorder,
    random: Random,
  ) {
    [this.database, this.hubs, this.#recorder, this.#random] = [database, hubs, recorder, random];
    [this.#balancer, this.#bundle, this.#env] = [more.balancer, more.bundle, more.env];
  }

  /** @param given a database that the test may break; else one of its own is made. */
  static async open(
    settings: Record<string, string>,
    recorder: Recorder,
    random: Random,
    given?: TestDatabase,
  ): Promise<TwoHubs> {
    const [database, bundle] = await Promise.all([given ?? testDatabase(), bundleHub()]);
    const { env } = hubEnvironment(database, settings);
    const hubs: [HubProcess, HubProcess] = [await startHubProcess(env, bundle), await startHubProcess(env, bundle)];
    const balancer = await createBalancer(() => hubs.flatMap((hub) => (hub.running() ? [hub.url] : [])));
    const clinic = new TwoHubs(database, hubs, { balancer, bundle, env }, recorder, random);
    await clinic.#admitPeople();
    return clinic;
  }

  async close(): Promise<void> {
    for (const player of this.#players) player.disconnect();
    await Promise.all(this.hubs.map(async (hub) => await hub.kill()));
    await this.#balancer.close();
    await rm(this.#bundle, { force: true });
    await this.database.drop();
  }

  /** A new process in the place of one that has ended. */
  async restart(i: 0 | 1): Promise<void> {
    this.hubs[i] = await startHubProcess(this.#env, this.#bundle);
  }

  /** As {@link begin}, with everything that a clinic's day has. @param closes desks may come to their end. */
  beginAll(closes = false): void {
    const shift = this.#newShift();
    const { doctor, doctor2, staff, patient, patient2 } = this.#people();
    const burst = { random: this.#random, sessions: this.#sessions, over: () => shift.over, closes };
    const [desk = '', desk2 = ''] = this.#sessions;
    this.#work = Promise.all([
      this.#keep(shift, doctor, () => crew.deskCrew(burst, doctor, [desk], 'doctor')),
      this.#keep(shift, doctor2, () => crew.deskCrew(burst, doctor2, [desk2], 'doctor')),
      this.#keep(shift, staff, () => crew.deskCrew(burst, staff, this.#sessions, 'staff')),
      this.#keep(shift, patient, () => crew.patientCrew(burst, patient, this.#where)),
      this.#keep(shift, patient2, () => crew.patientCrew(burst, patient2, this.#where)),
    ]);
  }

  /** Some connections die without a word. Returns how many. */
  halfOpen(): number {
    return this.#balancer.freeze(() => this.#random.chance(0.5));
  }

  /** Everybody works, and comes back whenever their connection is gone, until {@link finish}. */
  begin(): void {
    const shift = this.#newShift();
    const { doctor, doctor2, staff, patient, patient2 } = this.#people();
    const burst = { random: this.#random, sessions: this.#sessions, over: () => shift.over };
    const where: actors.Whereabouts = new Map();
    const [desk = '', desk2 = ''] = this.#sessions;
    this.#work = Promise.all([
      this.#keep(shift, doctor, () => actors.doctor(burst, doctor, desk)),
      this.#keep(shift, doctor2, () => actors.doctor(burst, doctor2, desk2)),
      this.#keep(shift, staff, () => actors.staff(burst, staff)),
      this.#keep(shift, patient, () => actors.patient(burst, patient, where)),
      this.#keep(shift, patient2, () => actors.patient(burst, patient2, where)),
    ]);
  }

  /** Waits until so many more commands are acknowledged, by people who are all connected. */
  async busy(more: number): Promise<void> {
    const before = this.#recorder.acknowledged();
    await until('work to go on', () => this.#recorder.acknowledged() >= before + more, patience);
    await until('everybody to be connected', () => this.#players.every((player) => player.connected), patience);
  }

  /** Ends the work, asks again for what got no answer, and answers with everything that is wrong of the log and the copies. */
  async finish(): Promise<string[]> {
    this.#shift.over = true;
    await this.#work;
    const byId = new Map(this.#players.map((player) => [player.accountId, player]));
    const allIn = async () => await Promise.all(this.#players.map(async (player) => await this.#comeIn(player)));
    await until(
      'every command to have an answer',
      async () => {
        await allIn();
        for (const command of this.#recorder.lost()) await byId.get(command.accountId)?.attempt(command);
        return this.#recorder.lost().length === 0;
      },
      patience,
    );
    const { doctor, doctor2, staff } = this.#people();
    const [desk = '', desk2 = ''] = this.#sessions;
    const followers = [
      [doctor, desk],
      [doctor2, desk2],
      [staff, desk],
      [staff, desk2],
    ] as const;
    // A connection may prove dead only now, and what follows from a command may still be appended: both are looked at anew.
    const reachTheHead = async () => {
      await allIn();
      const all = await readFound(this.database.db);
      // What people did; notices that follow from it have their own tests.
      const events = all.events.filter((event) => /^(queue|chat):/.test(event.stream));
      const heads = queuesOf(events);
      const there = followers.every(([player, id]) => player.seq(id) === heads.get(`queue:${id}`)?.events.length);
      return there ? { found: { ...all, events }, queues: heads } : null;
    };
    const { found, queues } = await until('every follower to reach the head', reachTheHead, {
      ...patience,
      everyMs: 100,
    });
    const wrong = this.#recorder.violations(found);
    for (const [player, id] of followers) {
      const state = queues.get(`queue:${id}`)?.state;
      if (JSON.stringify(player.queue(id)) !== JSON.stringify(state)) wrong.push('a copy differs');
    }
    if (wrong.length > 0) wrong.push(...this.#said());
    return wrong;
  }

  /** What the hubs logged of failures, so that a wrong history comes with its cause. */
  #said(): string[] {
    return this.hubs.flatMap((hub) => hub.log().filter((line) => /"msg":"(unexpected failure|failed)"/.test(line)));
  }

  #newShift(): { over: boolean } {
    this.#shift.over = true;
    this.#shift = { over: false };
    return this.#shift;
  }

  async #keep(shift: { readonly over: boolean }, player: Player, act: () => Promise<void>): Promise<void> {
    while (!shift.over) {
      if (player.connected) await act();
      else await this.#comeIn(player);
      await delay(10);
    }
    await this.#comeIn(player);
  }

  /** Through the balancer until somebody lets them in: a hub that stops does not. */
  async #comeIn(player: Player): Promise<void> {
    if (player.connected) return;
    await player.connect(this.#balancer.url).catch(() => delay(20));
  }

  #people() {
    const [doctor, doctor2, staff, patient, patient2] = this.#players;
    if (!doctor || !doctor2 || !staff || !patient || !patient2) throw new Error('somebody is missing');
    return { doctor, doctor2, staff, patient, patient2 };
  }

  async #admitPeople(): Promise<void> {
    for (const who of ['doctor', 'doctor2', 'staff', 'patient', 'patient2']) {
      const { data } = await TestClient.login(this.#balancer.url, `${who}@demo.nadi`, demoPassword);
      const player = new Player(data, this.#recorder);
      player.onMove = (withinMs) =>
        void delay(this.#random.next() * withinMs).then(() =>
          player.connect(this.#balancer.url).catch(() => undefined),
        );
      await player.connect(this.#balancer.url);
      this.#players.push(player);
    }
    const { doctor, doctor2, staff } = this.#people();
    for (const [who, player] of [
      ['doctor', doctor],
      ['doctor2', doctor2],
    ] as const) {
      const client = await TestClient.as(this.#balancer.url, who);
      const sessionId = (await client.call('queue.sessions', {})).sessions[0]?.id ?? '';
      client.close();
      this.#sessions.push(sessionId);
      await player.follow(sessionId);
      await staff.follow(sessionId);
    }
  }
}
