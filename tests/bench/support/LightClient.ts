import { WebSocket } from 'ws';

/** One subscription of a client: what it asks for, and how far it has heard. */
export interface Heard {
  readonly channel: string;
  readonly key: string;
  epoch: number;
  seq: number;
  /** Batches that overtook the answer to a subscription; null when none is under way. */
  held: { readonly from: number; readonly to: number }[] | null;
}

/** What clients tell whoever counts. */
export interface Counter {
  frame(client: LightClient, frame: Buffer): void;
  /** Events are missing between what was heard before and this. */
  gap(): void;
}

/** How a client greets its server: the hub (sign-in, subscriptions), bare Socket.IO (rooms), or nothing (a plain WebSocket). */
export interface Greeting {
  readonly kind: 'hub' | 'bare' | 'plain';
  readonly path?: string | undefined;
  readonly token?: string | undefined;
  readonly rooms: readonly { readonly channel: string; readonly key: string }[];
}

/** A Socket.IO client of the least code, so that thousands in one process cost the machine little. */
export class LightClient {
  readonly heard: Heard[];
  readonly #url: string;
  readonly #greeting: Greeting;
  readonly #counter: Counter;
  readonly #acks = new Map<number, (reply: unknown) => void>();
  #socket: WebSocket | null = null;
  #lastAck = 0;
  #greeted: (() => void) | null = null;
  onClose: (() => void) | null = null;

  constructor(url: string, greeting: Greeting, counter: Counter) {
    this.#url = url.replace('http', 'ws');
    this.#greeting = greeting;
    this.#counter = counter;
    this.heard = greeting.rooms.map((room) => ({ ...room, epoch: 0, seq: 0, held: null }));
  }

  /** Connects and takes part; again after a loss, from where it stands. */
  async open(): Promise<void> {
    const { kind, path, token } = this.#greeting;
    const socket = new WebSocket(
      this.#url + (path ?? (kind === 'plain' ? '/' : '/socket.io/?EIO=4&transport=websocket')),
      {
        perMessageDeflate: false,
      },
    );
    this.#socket = socket;
    socket.on('message', (data: Buffer) => this.#take(data));
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.once('close', () => reject(new Error('closed before it was greeted')));
      if (kind === 'plain') socket.once('open', resolve);
      else this.#greeted = resolve;
      if (kind !== 'plain') socket.once('open', () => socket.send(`40${JSON.stringify({ token, contract: 1 })}`));
    });
    socket.on('error', () => undefined);
    socket.on('close', () => this.onClose?.());
    await Promise.all(this.heard.map((one) => this.#takePart(one)));
  }

  /** One event with an acknowledgement. */
  ask(event: string, payload: unknown): Promise<unknown> {
    const id = ++this.#lastAck;
    return new Promise((resolve) => {
      this.#acks.set(id, resolve);
      this.#socket?.send(`42${id}${JSON.stringify([event, payload])}`);
    });
  }

  /** A batch of a stream: what it adds to, and whether it leaves a gap. */
  advance(one: Heard, batch: { readonly from: number; readonly to: number }): void {
    if (one.held) return void one.held.push(batch);
    if (one.seq > 0 && batch.from > one.seq + 1) this.#counter.gap();
    one.seq = Math.max(one.seq, batch.to);
  }

  /** Stops or goes on reading from the network. */
  reading(on: boolean): void {
    if (on) this.#socket?.resume();
    else this.#socket?.pause();
  }

  close(): void {
    this.onClose = null;
    this.#socket?.terminate();
  }

  async #takePart(one: Heard): Promise<void> {
    if (this.#greeting.kind === 'plain') return;
    if (this.#greeting.kind === 'bare') return void (await this.ask('join', `${one.channel}:${one.key}`));
    const { channel, key, epoch, seq } = one;
    one.held = [];
    const reply = (await this.ask('subscribe', { channel, key, ...(seq > 0 ? { since: { epoch, seq } } : {}) })) as {
      ok: boolean;
      data: { epoch?: number; seq?: number; to?: number };
      error?: unknown;
    };
    if (!reply.ok) throw new Error(`not subscribed to ${channel}: ${JSON.stringify(reply.error)}`);
    one.epoch = reply.data.epoch ?? 0;
    one.seq = reply.data.seq ?? reply.data.to ?? 0;
    const held = one.held;
    one.held = null;
    for (const batch of held) this.advance(one, batch);
  }

  #take(data: Buffer): void {
    if (this.#greeting.kind === 'plain') return this.#counter.frame(this, data);
    // "2" is a ping; "40" the greeting; "43" an acknowledgement; "42" an event.
    if (data[0] === 0x32) return void this.#socket?.send('3');
    if (data[0] !== 0x34) return;
    if (data[1] === 0x32) {
      if (data.subarray(2, 11).toString() === '["resync"') return void this.#resync(data);
      return this.#counter.frame(this, data);
    }
    const text = data.toString();
    if (data[1] === 0x30) {
      this.#greeted?.();
      this.#greeted = null;
    } else if (data[1] === 0x33) {
      const at = text.indexOf('[');
      const id = Number(text.slice(2, at));
      this.#acks.get(id)?.((JSON.parse(text.slice(at)) as unknown[])[0]);
      this.#acks.delete(id);
    } else if (data[1] === 0x34) throw new Error(`refused: ${text}`);
  }

  /** Told that frames were left out. */
  async #resync(data: Buffer): Promise<void> {
    const [, frame] = JSON.parse(data.subarray(2).toString()) as [string, { channel: string; key: string }];
    const one = this.heard.find(({ channel, key }) => channel === frame.channel && key === frame.key);
    if (one) await this.#takePart(one);
  }
}
