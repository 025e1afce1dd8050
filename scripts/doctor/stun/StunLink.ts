import { createSocket } from 'node:dgram';
import { connect as connectTcp, isIP, isIPv6 } from 'node:net';
import { lookup } from 'node:dns/promises';
import { connect as connectTls } from 'node:tls';
import { decode, encodeRequest, messageLength, type Message, type Request } from './message.ts';

export interface StunServer {
  readonly host: string;
  readonly port: number;
  /** `ice-tcp`: each message behind its length, as media ports take them (RFC 6544, RFC 4571). */
  readonly transport: 'udp' | 'tcp' | 'tls' | 'ice-tcp';
  /** Authorities to trust instead of the system's, PEM. */
  readonly ca?: string | undefined;
}

/** Waits between repeats over UDP, where messages get lost; ms. */
const repeatMs = [200, 400, 800, 1_600];

/** One way to a STUN server: the same address and port of ours for every request. */
export class StunLink {
  readonly #transmit: (bytes: Buffer) => void;
  readonly #end: () => void;
  readonly #repeats: boolean;
  readonly #waiting = new Map<string, (message: Message) => void>();
  #broken: Error | null = null;
  #onBroken: (error: Error) => void = () => undefined;

  private constructor(transmit: (bytes: Buffer) => void, end: () => void, repeats: boolean) {
    this.#transmit = transmit;
    this.#end = end;
    this.#repeats = repeats;
  }

  /** @throws when the name is unknown or the connection is refused. */
  static async open(server: StunServer, timeoutMs: number): Promise<StunLink> {
    return server.transport === 'udp' ? await StunLink.#udp(server) : await StunLink.#stream(server, timeoutMs);
  }

  static async #udp({ host, port }: StunServer): Promise<StunLink> {
    const { address } = await lookup(host);
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    await new Promise<void>((resolve, reject) => {
      socket.once('error', (error: Error) => reject(error));
      socket.connect(port, address, () => resolve());
    });
    const link = new StunLink(
      (bytes) => socket.send(bytes),
      () => socket.close(),
      true,
    );
    socket.removeAllListeners('error');
    // "Connection refused": a router says that nobody listens there.
    socket.on('error', (error: Error) => link.#break(error));
    socket.on('message', (bytes) => link.#received(bytes));
    return link;
  }

  static async #stream({ host, port, transport, ca }: StunServer, timeoutMs: number): Promise<StunLink> {
    const named = isIP(host) === 0 ? { servername: host } : {};
    const socket =
      transport === 'tls'
        ? connectTls({ host, port, ...named, ...(ca === undefined ? {} : { ca }) })
        : connectTcp({ host, port });
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error('no answer')));
    const framed = transport === 'ice-tcp';
    const link = new StunLink(
      (bytes) => socket.write(framed ? Buffer.concat([lengthOf(bytes), bytes]) : bytes),
      () => socket.destroy(),
      false,
    );
    await new Promise<void>((resolve, reject) => {
      socket.once(transport === 'tls' ? 'secureConnect' : 'connect', () => resolve());
      socket.once('error', reject);
    });
    socket.on('error', (error: Error) => link.#break(error));
    socket.on('close', () => link.#break(new Error('the connection was closed')));
    let kept = Buffer.alloc(0);
    const before = framed ? 2 : 0;
    socket.on('data', (bytes: Buffer) => {
      kept = Buffer.concat([kept, bytes]);
      for (;;) {
        const length = messageLength(kept.subarray(before));
        if (length === null || before + length > kept.length) return;
        link.#received(kept.subarray(before, before + length));
        kept = kept.subarray(before + length);
      }
    });
    return link;
  }

  /** Asks, and asks again when nothing comes. @throws when nothing came in time. */
  async request(request: Request, timeoutMs: number): Promise<Message> {
    const bytes = encodeRequest(request);
    const transaction = bytes.subarray(8, 20).toString('hex');
    const timers: NodeJS.Timeout[] = [];
    try {
      return await new Promise<Message>((resolve, reject) => {
        if (this.#broken) return reject(this.#broken);
        this.#onBroken = reject;
        this.#waiting.set(transaction, resolve);
        timers.push(setTimeout(() => reject(new Error('no answer')), timeoutMs));
        this.#transmit(bytes);
        if (this.#repeats) for (const ms of repeatMs) timers.push(setTimeout(() => this.#transmit(bytes), ms));
      });
    } finally {
      for (const timer of timers) clearTimeout(timer);
      this.#waiting.delete(transaction);
    }
  }

  close(): void {
    this.#end();
  }

  #received(bytes: Buffer): void {
    const message = decode(bytes);
    if (message?.kind !== 'success' && message?.kind !== 'error') return;
    this.#waiting.get(message.transaction.toString('hex'))?.(message);
  }

  #break(error: Error): void {
    this.#broken = error;
    this.#onBroken(error);
  }
}

function lengthOf(bytes: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return length;
}
