import { z } from 'zod';
import type { Account } from '../../../server/store/entities.ts';
import { place as placeSchema } from '../../../shared/contract/queueViews.ts';
import {
  closedFrame,
  isNewer,
  reply as replySchema,
  resyncFrame,
  subscribed,
  viewFrame,
  type Reply,
  type Revision,
  type Subscribed,
} from '../../../shared/contract/wire.ts';
import { queueEvent, queueState, reduceQueue, type QueueEvent, type QueueState } from '../../../shared/state/queue.ts';
import type { OpenCommand, Recorder } from '../chaos/Recorder.ts';
import type { Wish } from '../chaos/wishes.ts';
import type { Outcome } from '../history/types.ts';
import { FakeSocket, type Frame } from './FakeIo.ts';
import type { Loop } from './Loop.ts';
import { Mirror } from './Mirror.ts';
import type { SimHub } from './SimHub.ts';

const ackMs = 8_000;
const unknowing = new Set(['UNAVAILABLE', 'TIMEOUT']);
const entryIds = z.object({ entryIds: z.array(z.string()) });
const fields = z.record(z.string(), z.unknown());

interface Line {
  readonly hub: SimHub;
  readonly socket: FakeSocket;
  /** `half`: neither side hears the other, and neither knows. */
  state: 'open' | 'half' | 'closed';
  upAt: number;
  downAt: number;
}

interface Shown {
  readonly rev: Revision;
  readonly state: unknown;
}

export interface SimClientDeps {
  readonly loop: Loop;
  readonly recorder: Recorder;
  readonly onFault: (what: string) => void;
  readonly onFrame: (frame: Frame) => Frame;
  /** Where a client without a connection comes back to. */
  readonly anyHub: () => SimHub | undefined;
  readonly mayHear: (account: Account, channel: string, key: string) => boolean;
}

/** Somebody's phone or computer: one connection at a time over a network that delays, breaks, and dies without a word. */
export class SimClient {
  readonly account: Account;
  readonly name: string;
  readonly queues = new Map<string, Mirror<QueueState, QueueEvent>>();
  readonly views = new Map<string, Shown>();
  readonly #deps: SimClientDeps;
  readonly #syncing = new Set<string>();
  /** What came while a view was asked for. */
  readonly #held = new Map<string, Shown>();
  readonly #waiting = new Set<() => void>();
  readonly #follows: { channel: string; key: string }[];
  #line: Line | null = null;

  constructor(account: Account, follows: readonly { channel: string; key: string }[], deps: SimClientDeps) {
    this.account = account;
    this.name = account.email ?? account.name;
    this.#follows = [...follows];
    this.#deps = deps;
    for (const { channel, key } of follows) if (channel === 'queue') this.#mirrorQueue(key);
  }

  get connected(): boolean {
    return this.#line !== null && this.#line.state !== 'closed';
  }

  /** Nothing is on its way that would change what this client shows. */
  get calm(): boolean {
    return this.#line?.state === 'open' && this.#syncing.size === 0;
  }

  connect(): void {
    const hub = this.#deps.anyHub();
    const { loop } = this.#deps;
    if (!hub) {
      loop.after(100, () => this.connect(), 'world');
      return;
    }
    const line: Line = {
      hub,
      socket: new FakeSocket(`${this.name}#${loop.number()}`, hub.io, (frame) => {
        const { event, data } = this.#deps.onFrame(frame);
        this.#down(line, () => this.#receive(line, event, data));
      }),
      state: 'open',
      upAt: loop.now,
      downAt: loop.now,
    };
    this.#line = line;
    this.#up(line, () => hub.admit(line.socket));
    this.#syncing.clear();
    for (const { channel, key } of this.#follows) this.#sync(channel, key);
  }

  /** The connection breaks. `silently`: both sides go on believing in it until a heartbeat is missed. */
  cut(silently = false): void {
    const line = this.#line;
    if (!line || line.state !== 'open') return;
    const { loop } = this.#deps;
    line.state = silently ? 'half' : 'closed';
    const hubNotices = (): void => line.hub.dropped(line.socket, this.account);
    loop.after(silently ? loop.random.int(1_000, 5_000) : loop.random.int(0, 50), hubNotices, line.hub.id);
    const here = (): void => {
      line.state = 'closed';
      if (this.#line === line) this.#lost();
    };
    if (silently) loop.after(loop.random.int(1_000, 5_000), here, 'world');
    else here();
  }

  /** The hub at the other end is gone. */
  hubDied(hub: SimHub): void {
    const line = this.#line;
    if (line?.hub !== hub || line.state === 'closed') return;
    line.state = 'closed';
    this.#lost();
  }

  /** Where the patients of this account are, as the phone shows it. */
  myEntries(): readonly string[] {
    const shown = this.views.get(`myPlaces:${this.account._id}`);
    return shown ? entryIds.parse(shown.state).entryIds : [];
  }

  place(entryId: string): z.infer<typeof placeSchema> | null {
    const shown = this.views.get(`place:${entryId}`);
    return shown ? placeSchema.parse(shown.state) : null;
  }

  watchPlace(entryId: string): void {
    if (this.#follows.some(({ key }) => key === entryId)) return;
    this.#follows.push({ channel: 'place', key: entryId });
    this.#sync('place', entryId);
  }

  send(wish: Wish): Promise<{ command: OpenCommand; outcome: Outcome }> {
    const command = this.#deps.recorder.command(this.account._id, wish.name, { ...wish.input }, wish.stream);
    return this.attempt(command).then((outcome) => ({ command, outcome }));
  }

  /** `requestId` differs from the command's only when a bug is planted. */
  async attempt(command: OpenCommand, requestId = command.requestId): Promise<Outcome> {
    const { recorder, onFault } = this.#deps;
    const sent = recorder.tick();
    const { name, input } = command;
    let outcome: Outcome = { kind: 'lost' };
    const reply = await this.#ask('op', { name, input, requestId });
    if (reply?.ok) outcome = { kind: 'ok', data: fields.parse(reply.data) };
    else if (reply?.ok === false) {
      if (reply.error.code === 'INTERNAL') onFault(`${name} ${requestId} was answered INTERNAL`);
      if (!unknowing.has(reply.error.code)) outcome = { kind: 'refused', code: reply.error.code };
    }
    command.attempts.push({ sent, answered: outcome.kind === 'lost' ? null : recorder.tick(), outcome });
    return outcome;
  }

  #mirrorQueue(key: string): void {
    const kind = { state: queueState, event: queueEvent, reduce: reduceQueue };
    this.queues.set(key, new Mirror('queue', key, kind, (what) => this.#deps.onFault(`${this.name}: ${what}`)));
  }

  #lost(): void {
    this.#line = null;
    this.#syncing.clear();
    for (const mirror of this.queues.values()) mirror.abandon();
    for (const give of [...this.#waiting]) give();
    const { loop } = this.#deps;
    loop.after(loop.random.int(10, 400), () => (this.connected ? undefined : this.connect()), 'world');
  }

  /** Null when no answer came. */
  #ask(event: 'op' | 'subscribe', payload: unknown): Promise<Reply | null> {
    const line = this.#line;
    const { loop } = this.#deps;
    if (!line || line.state === 'closed') return Promise.resolve(null);
    return new Promise((resolve) => {
      const give = (reply: Reply | null): void => {
        if (!this.#waiting.delete(lost)) return;
        loop.cancel(timer);
        resolve(reply);
      };
      const lost = (): void => give(null);
      const timer = loop.after(ackMs, lost, 'world');
      this.#waiting.add(lost);
      this.#up(line, () => {
        void line.hub.answer(line.socket, this.account, event, payload).then((reply) => {
          const sent: unknown = JSON.parse(JSON.stringify(reply));
          this.#down(line, () => give(replySchema.parse(sent)));
        });
      });
    });
  }

  #sync(channel: string, key: string): void {
    const name = `${channel}:${key}`;
    const mirror = channel === 'queue' ? this.queues.get(key) : undefined;
    const since = mirror?.begin();
    this.#syncing.add(name);
    this.#held.delete(name);
    const line = this.#line;
    void this.#ask('subscribe', { channel, key, ...(since ? { since } : {}) }).then((reply) => {
      if (line !== this.#line) return;
      if (!reply?.ok) {
        mirror?.abandon();
        this.#syncing.delete(name);
        // Refused for good, or asked again in a while.
        if (reply?.error.code === 'NOT_FOUND') mirror?.clear();
        else
          this.#deps.loop.after(
            500,
            () => (line === this.#line && line ? this.#sync(channel, key) : undefined),
            'world',
          );
        return;
      }
      this.#hear(channel, key);
      const start = subscribed.parse(reply.data);
      this.#syncing.delete(name);
      if (mirror) {
        if (!mirror.answer(start)) this.#sync(channel, key);
      } else this.#show(name, start);
    });
  }

  #show(name: string, start: Subscribed): void {
    if (start.kind !== 'view') throw new Error('a stream where a view was expected');
    const held = this.#held.get(name);
    this.#held.delete(name);
    // The answer counts, but for what was sent after it was taken.
    this.views.set(name, held && isNewer(held.rev, start.rev) ? held : { rev: start.rev, state: start.state });
  }

  #receive(line: Line, event: string, data: unknown): void {
    if (line !== this.#line) return;
    if (event === 'batch') {
      const { channel, key } = resyncFrame.parse(data);
      this.#hear(channel, key);
      const mirror = this.queues.get(key);
      if (mirror && !mirror.batch(data)) this.#sync(channel, key);
    } else if (event === 'view') {
      const { channel, key, rev, state } = viewFrame.parse(data);
      this.#hear(channel, key);
      const name = `${channel}:${key}`;
      const kept = this.#syncing.has(name) ? this.#held : this.views;
      const held = kept.get(name);
      if (!held || isNewer(rev, held.rev)) kept.set(name, { rev, state });
    } else if (event === 'resync') {
      const { channel, key } = resyncFrame.parse(data);
      this.#sync(channel, key);
    } else if (event === 'closed') {
      const { channel, key } = closedFrame.parse(data);
      this.#deps.onFault(`${this.name}: ${channel}:${key} was closed, and access never ended`);
    }
  }

  #hear(channel: string, key: string): void {
    if (!this.#deps.mayHear(this.account, channel, key)) {
      this.#deps.onFault(`${this.name} was told about ${channel}:${key}, which is not for them`);
    }
  }

  #up(line: Line, arrive: () => void): void {
    const { loop } = this.#deps;
    line.upAt = Math.max(line.upAt, loop.now + loop.random.int(1, 20));
    loop.after(line.upAt - loop.now, () => (line.state === 'open' ? arrive() : undefined), line.hub.id);
  }

  #down(line: Line, arrive: () => void): void {
    const { loop } = this.#deps;
    line.downAt = Math.max(line.downAt, loop.now + loop.random.int(1, 20));
    loop.after(line.downAt - loop.now, () => (line.state === 'open' ? arrive() : undefined), 'world');
  }
}
