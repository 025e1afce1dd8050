import { randomUUID } from 'node:crypto';
import { closedLoop, openLoop, type Latencies } from './load.ts';
import { LightClient, type Counter, type Greeting } from './LightClient.ts';

/** What a crowd has heard since it was last asked to forget. */
export interface Tally {
  /** Events at sockets: a batch of three at two sockets is six. */
  readonly events: number;
  readonly frames: number;
  readonly views: number;
  /** Events that did not follow the ones before. */
  readonly gaps: number;
  /** From the event's commit to the socket, ms. */
  readonly p50: number;
  readonly p99: number;
  readonly lowestSeq: number;
  /** The newest frame of a single event, as the server sent it. */
  readonly last: unknown;
}

/** A frame as read once for all the sockets it comes to. */
interface Read {
  readonly event: string;
  readonly channel: string;
  readonly key: string;
  readonly epoch: number;
  readonly from: number;
  readonly to: number;
  readonly ats: readonly number[];
  readonly frame: unknown;
}

/** Clocks of all processes of the machine are one. */
const now = (): number => performance.timeOrigin + performance.now();
/** When an event was committed, by seq: a view's revision names the seq, not the time. */
const committedAt = new Map<string, number>();

/** Many clients of one kind, counted together. */
export class Crowd implements Counter {
  readonly clients: LightClient[] = [];
  #events = 0;
  #frames = 0;
  #views = 0;
  #gaps = 0;
  #latencies: number[] = [];
  #last: unknown = null;
  #bytes: Buffer = Buffer.alloc(0);
  #read: Read | null = null;
  #wanted: { events: number; resolve: () => void } | null = null;

  /** Opens clients, `atOnce` at a time. Returns how long it took, ms. */
  async gather(url: string, greetings: readonly Greeting[], atOnce: number): Promise<number> {
    const began = performance.now();
    const left = [...greetings];
    const line = async (): Promise<void> => {
      for (let next = left.pop(); next; next = left.pop()) {
        const client = new LightClient(url, next, this);
        this.clients.push(client);
        await client.open();
      }
    };
    await Promise.all(Array.from({ length: atOnce }, line));
    return performance.now() - began;
  }

  /** Resolves when so many events have been heard since the last `forget`. */
  heard(events: number): Promise<void> {
    return new Promise((resolve) => {
      this.#wanted = { events, resolve };
      this.#look();
    });
  }

  /** Everybody stops reading from the network, or goes on. */
  reading(on: boolean): void {
    for (const client of this.clients) client.reading(on);
  }

  /** When the server cuts everybody: comes back at once. Resolves with the time from the first cut until all take part, ms. */
  async storm(cut: () => void): Promise<number> {
    let began = 0;
    const back = this.clients.map(
      (client) =>
        new Promise<void>((resolve) => {
          client.onClose = () => {
            client.onClose = null;
            began ||= performance.now();
            void again(client).then(resolve);
          };
        }),
    );
    cut();
    await Promise.all(back);
    return performance.now() - began;
  }

  /** Everybody in turn posts to the thread they take part in; from post to acknowledgement. */
  chat(perSecond: number | null, seconds: number): Promise<Latencies> {
    const post = async (i: number): Promise<void> => {
      const client = this.clients[i % this.clients.length];
      const input = { threadId: client?.heard[0]?.key, text: `Message ${i} of a bench, as long as people write.` };
      const reply = (await client?.ask('op', { name: 'chat.send', input, requestId: randomUUID() })) as { ok: boolean };
      if (!reply.ok) throw new Error(`not posted: ${JSON.stringify(reply)}`);
    };
    return perSecond === null ? closedLoop(this.clients.length, seconds, post) : openLoop(perSecond, seconds, post);
  }

  tally(): Tally {
    const sorted = Float64Array.from(this.#latencies).sort();
    const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
    let lowestSeq = Infinity;
    for (const client of this.clients) lowestSeq = Math.min(lowestSeq, client.heard[0]?.seq ?? 0);
    return {
      events: this.#events,
      frames: this.#frames,
      views: this.#views,
      gaps: this.#gaps,
      p50: at(0.5),
      p99: at(0.99),
      lowestSeq,
      last: this.#last,
    };
  }

  forget(): void {
    this.#events = this.#frames = this.#views = this.#gaps = 0;
    this.#latencies = [];
  }

  leave(): void {
    for (const client of this.clients.splice(0)) client.close();
  }

  gap(): void {
    this.#gaps++;
  }

  frame(client: LightClient, data: Buffer): void {
    if (!this.#read || !this.#bytes.equals(data)) {
      this.#bytes = data;
      this.#read = read(data);
    }
    const { event, channel, key, epoch, from, to, ats, frame } = this.#read;
    this.#frames++;
    if (event === 'batch') {
      const one = client.heard.find((each) => each.channel === channel && each.key === key);
      if (one) {
        one.epoch = epoch;
        client.advance(one, { from, to });
      }
      this.#events += ats.length;
      if (ats.length === 1) this.#last = frame;
    } else this.#views++;
    const moment = now();
    for (const at of ats) this.#latencies.push(moment - at);
    this.#look();
  }

  #look(): void {
    if (!this.#wanted || this.#events < this.#wanted.events) return;
    this.#wanted.resolve();
    this.#wanted = null;
  }
}

async function again(client: LightClient): Promise<void> {
  for (;;) {
    try {
      return await client.open();
    } catch {
      // Refused while the others come back too: once more.
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

function read(data: Buffer): Read {
  const text = data.toString();
  const [event, frame] = JSON.parse(text.slice(text.indexOf('['))) as [string, Record<string, unknown>];
  const { channel = '', key = '', epoch = 0, from = 0, to = 0 } = frame as Partial<Read>;
  const events = (frame['events'] ?? []) as { seq: number; at: number }[];
  for (const { seq, at } of events) committedAt.set(`${seq}`, at);
  if (committedAt.size > 100_000) committedAt.clear();
  const rev = frame['rev'] as [number, number, number] | undefined;
  const changed = rev && committedAt.get(`${rev[1]}`);
  const ats = event === 'batch' ? events.map(({ at }) => at) : changed === undefined ? [] : [changed];
  return { event, channel, key, epoch, from, to, ats, frame };
}
