import { isDeepStrictEqual } from 'node:util';
import type { Account } from '../../../server/store/entities.ts';
import { isActive } from '../../../shared/state/queue.ts';
import { Random } from '../chaos/random.ts';
import { Recorder, type OpenCommand } from '../chaos/Recorder.ts';
import { deskWish, patientWish, type Wish } from '../chaos/wishes.ts';
import { queuesOf } from '../history/effects.ts';
import { foundIn } from '../history/read.ts';
import type { Found } from '../history/types.ts';
import { disturb } from './faults.ts';
import { Loop } from './Loop.ts';
import type { Frame } from './FakeIo.ts';
import { MemoryDb } from './MemoryDb.ts';
import { doctors, mayHear, patients, sessions, settle, staff } from './people.ts';
import { SimClient } from './SimClient.ts';
import { SimHub, type Seams } from './SimHub.ts';
import { Switchboard } from './Switchboard.ts';

/** A planted bug: what is put in where, and how clients behave with it. */
export interface Mutation {
  readonly seams?: Seams;
  /** After the world is built. */
  readonly plant?: (world: World) => void;
  /** A lost answer makes the client ask anew instead of again. */
  readonly forgetsRequestIds?: boolean;
}

export interface Run {
  readonly violations: readonly string[];
  readonly acknowledged: number;
  readonly lost: number;
  readonly events: number;
  readonly faults: readonly string[];
}

/** How long the world may take to come to rest after the last fault, virtual ms: leases, backoff and sweeps included. */
const restMs = 240_000;

/** Everything of one run. */
export class World {
  readonly loop: Loop;
  readonly random: Random;
  readonly db: MemoryDb;
  readonly switchboard: Switchboard;
  readonly recorder: Recorder;
  readonly hubs: SimHub[] = [];
  readonly faults: string[] = [];
  readonly wrong: string[] = [];
  readonly clients: SimClient[] = [];
  /** What a planted bug does to frames on their way to clients. */
  onFrame: (frame: Frame) => Frame = (frame) => frame;
  readonly #mutation: Mutation;
  #budget: number;
  #born = 0;
  #working = 0;

  constructor(seed: number, steps: number, mutation: Mutation = {}) {
    this.random = new Random(seed);
    this.loop = new Loop(this.random);
    this.db = new MemoryDb(this.loop);
    this.switchboard = new Switchboard(this.loop);
    this.recorder = new Recorder(`sim${seed}`);
    this.db.tick = () => this.recorder.tick();
    this.#mutation = mutation;
    this.#budget = steps;
    settle(this.db, this.loop.now);
  }

  async run(): Promise<Run> {
    return await this.loop.withTimers(async () => {
      const size = this.random.int(2, 3);
      for (let i = 0; i < size; i++) this.bootHub();
      this.#mutation.plant?.(this);
      this.#populate();
      for (const client of this.clients) client.connect();
      const end = this.loop.now + 120_000;
      disturb(this);
      await this.loop.run(() => this.#working === 0, end);
      if (this.#working > 0) this.wrong.push('somebody never got to the end of their work');
      this.heal();
      await this.loop.run(() => this.#atRest(), this.loop.now + restMs);
      // Views follow their streams a moment later.
      await this.loop.run(() => false, this.loop.now + 7_000);
      return await this.#verdict();
    });
  }

  bootHub(): void {
    const id = `hub${++this.#born}`;
    const { loop, db, switchboard } = this;
    const seams = this.#mutation.seams ?? {};
    this.hubs.push(new SimHub({ id, loop, db, switchboard, seams, onFault: (what) => this.wrong.push(what) }));
  }

  /** `kill -9`. */
  killHub(hub: SimHub): void {
    this.loop.kill(hub.id);
    this.hubs.splice(this.hubs.indexOf(hub), 1);
    for (const client of this.clients) client.hubDied(hub);
  }

  /** Whatever was broken works again. */
  heal(): void {
    this.db.pausedUntil = 0;
    this.db.trouble = () => null;
    this.switchboard.silentUntil = 0;
    if (this.hubs.length === 0) this.bootHub();
  }

  #populate(): void {
    const make = (account: Account, follows: { channel: string; key: string }[]): SimClient => {
      const client = new SimClient(account, follows, {
        loop: this.loop,
        recorder: this.recorder,
        onFault: (what) => this.wrong.push(what),
        onFrame: (frame) => this.onFrame(frame),
        anyHub: () => this.random.pick(this.hubs),
        mayHear: (who, channel, key) => mayHear(who, channel, key, this.db),
      });
      this.clients.push(client);
      return client;
    };
    for (const { account, sessionId } of doctors) {
      this.#work(this.#deskWork(make(account, [{ channel: 'queue', key: sessionId }]), [sessionId], 'doctor'));
    }
    const desks = sessions.map((key) => ({ channel: 'queue', key }));
    this.#work(this.#deskWork(make(staff, desks), sessions, 'staff'));
    // A second tab of the same person, that only looks.
    make(staff, desks);
    for (const { account, patients: own } of patients) {
      const client = make(account, [{ channel: 'myPlaces', key: account._id }]);
      this.#work(
        this.#patientWork(
          client,
          own.map((patient) => patient._id),
        ),
      );
    }
  }

  #work(work: Promise<void>): void {
    this.#working += 1;
    void work
      .catch((error: unknown) =>
        this.wrong.push(`a client failed: ${error instanceof Error ? error.stack : String(error)}`),
      )
      .finally(() => (this.#working -= 1));
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.loop.after(ms, resolve, 'world'));
  }

  async #deskWork(client: SimClient, own: readonly string[], role: 'doctor' | 'staff'): Promise<void> {
    while (this.#budget-- > 0) {
      await this.#sleep(this.random.int(1, 60));
      const sessionId = this.random.pick(own) ?? '';
      const state = client.queues.get(sessionId)?.state;
      if (!state) continue;
      const others = sessions.filter((one) => one !== sessionId);
      const { random } = this;
      await this.#act(client, deskWish({ random, sessionId, others, state, role, now: this.loop.now, crowd: 5 }));
    }
  }

  async #patientWork(client: SimClient, patientIds: readonly string[]): Promise<void> {
    while (this.#budget-- > 0) {
      await this.#sleep(this.random.int(1, 120));
      const patientId = this.random.pick(patientIds) ?? '';
      const mine = client.myEntries().flatMap((entryId) => {
        client.watchPlace(entryId);
        const place = client.place(entryId);
        return place?.patientId === patientId ? [place] : [];
      });
      const [place] = mine;
      await this.#act(client, patientWish({ random: this.random, sessions, patientId, place, chats: false }));
    }
  }

  /** Sends; who got no answer asks again, a few times, with the same request id. */
  async #act(client: SimClient, wish: Wish): Promise<void> {
    const { command, outcome } = await client.send(wish);
    let lost = outcome.kind === 'lost';
    for (let tries = 0; lost && tries < 5; tries++) {
      if (this.random.chance(0.1)) return;
      await this.#sleep(this.random.int(20, 800));
      lost = (await this.#again(client, command)) === 'lost';
    }
    if (!lost && this.random.chance(0.05)) await client.attempt(command);
  }

  async #again(client: SimClient, command: OpenCommand): Promise<string> {
    const requestId = this.#mutation.forgetsRequestIds ? `${command.requestId}-x${command.attempts.length}` : undefined;
    return (await client.attempt(command, requestId)).kind;
  }

  #atRest(): boolean {
    for (const event of this.db.table('events').values()) if (event['due'] !== undefined) return false;
    for (const place of this.db.table('places').values()) if (place['joiningSince'] !== undefined) return false;
    const heads = new Map<string, number>();
    for (const event of this.db.table('events').values()) {
      const stream = String(event['stream']);
      heads.set(stream, Math.max(heads.get(stream) ?? 0, Number(event['seq'])));
    }
    return this.clients.every(
      (client) =>
        client.calm &&
        [...client.queues.values()].every(
          (mirror) => mirror.seq === (heads.get(`${mirror.channel}:${mirror.key}`) ?? 0),
        ),
    );
  }

  async #verdict(): Promise<Run> {
    const found = foundIn((name) => this.db.all(name));
    const violations = [...this.wrong, ...this.recorder.finalViolations(found), ...this.#clientsDiffer(found)];
    violations.push(...(await this.#viewsDiffer(found)));
    return {
      violations,
      acknowledged: this.recorder.acknowledged(),
      lost: this.recorder.lost().length,
      events: found.events.length,
      faults: this.faults,
    };
  }

  /** Every client's copy equals the fold of the log. */
  #clientsDiffer(found: Found): string[] {
    const wrong: string[] = [];
    const queues = queuesOf(found.events);
    for (const client of this.clients) {
      for (const mirror of client.queues.values()) {
        const truth = queues.get(`queue:${mirror.key}`);
        if (!truth) continue;
        if (mirror.seq !== truth.events.length) {
          wrong.push(`${client.name}: queue:${mirror.key} stands at ${mirror.seq} of ${truth.events.length}`);
        } else if (!isDeepStrictEqual(mirror.state, truth.state)) {
          wrong.push(`${client.name}: queue:${mirror.key} differs from the server's at seq ${mirror.seq}`);
        }
      }
    }
    return wrong;
  }

  /** Every patient's phone shows their own places as they are. */
  async #viewsDiffer(found: Found): Promise<string[]> {
    const wrong: string[] = [];
    const hub = this.hubs[0];
    if (!hub) return wrong;
    const queues = queuesOf(found.events);
    for (const { account, patients: own } of patients) {
      const client = this.clients.find((one) => one.account === account);
      if (!client) continue;
      const ids = new Set(own.map((patient) => patient._id));
      const active = [...queues.values()].flatMap(({ state }) =>
        Object.values(state.entries).filter((entry) => ids.has(entry.patientId) && isActive(entry.state)),
      );
      const shown = client.myEntries().toSorted();
      const truth = active.map((entry) => entry.id).toSorted();
      if (!isDeepStrictEqual(shown, truth)) {
        wrong.push(`${client.name}: shows the places ${shown.join(', ')} instead of ${truth.join(', ')}`);
      }
      for (const [name] of client.views) {
        const entryId = name.startsWith('place:') ? name.slice('place:'.length) : null;
        const place = entryId === null ? null : client.place(entryId);
        if (!place) continue;
        let fresh: unknown;
        void hub.views.places(place.sessionId, [place.entryId]).then(([one]) => (fresh = one ?? null));
        await this.loop.run(() => fresh !== undefined, this.loop.now + 10_000);
        if (!isDeepStrictEqual({ ...place, range: null }, { ...(fresh as object), range: null })) {
          wrong.push(`${client.name}: ${name} differs: ${JSON.stringify(place)} instead of ${JSON.stringify(fresh)}`);
        }
      }
    }
    return wrong;
  }
}

export async function simulate(seed: number, steps: number, mutation: Mutation = {}): Promise<Run> {
  return await new World(seed, steps, mutation).run();
}
