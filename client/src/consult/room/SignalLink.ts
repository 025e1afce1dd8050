import { io, type Socket } from 'socket.io-client';
import {
  parseSfuOutput,
  sfuError,
  sfuEvents,
  sfuPath,
  sfuReply,
  type SfuError,
  type SfuErrorCode,
  type SfuEvent,
  type SfuEventName,
  type SfuInput,
  type SfuOutput,
  type SfuRequestName,
} from '../../../../shared/contract/sfu.ts';

const CONNECT_TIMEOUT_MS = 8_000;
const REQUEST_TIMEOUT_MS = 8_000;

/** The node answered with an error. */
export class SignalRefused extends Error {
  readonly code: SfuErrorCode;
  readonly traceId: string;
  constructor({ code, message, traceId }: SfuError) {
    super(`${code}: ${message}`);
    this.name = 'SignalRefused';
    this.code = code;
    this.traceId = traceId;
  }
}

/** The node did not answer: no connection, a lost one, or no reply in time. */
export class SignalLost extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SignalLost';
  }
}

/** What a link tells. None of it comes after `close()`. */
export interface SignalListener {
  /** Parsed by the contract; a message that does not fit is dropped. */
  event<N extends SfuEventName>(name: N, event: SfuEvent<N>): void;
  /** The connection is gone, and not by `close()`. */
  lost(): void;
}

/** One signalling connection to a node; never reconnects by itself. What arrives is parsed by the contract. */
export class SignalLink {
  readonly #socket: Socket;
  readonly #listener: SignalListener;
  #closed = false;

  private constructor(socket: Socket, listener: SignalListener) {
    this.#socket = socket;
    this.#listener = listener;
    // Listening before the connection is up: nothing the node says is missed.
    this.#forward('update');
    this.#forward('consumerClosed');
    this.#forward('consumerLayers');
    this.#forward('consumerScore');
    this.#forward('problem');
    this.#forward('bye');
  }

  /** @throws SignalRefused when the grant or resume token is not accepted, SignalLost when nothing answers */
  static async open(
    url: string,
    auth: { grant: string } | { resume: string },
    listener: SignalListener,
  ): Promise<SignalLink> {
    const socket = io(url, {
      path: sfuPath,
      transports: ['websocket'],
      reconnection: false,
      forceNew: true,
      timeout: CONNECT_TIMEOUT_MS,
      auth,
    });
    const link = new SignalLink(socket, listener);
    await new Promise<void>((resolve, reject) => {
      // Socket.IO's own timeout covers the WebSocket; this one the answer to the handshake too.
      const timer = setTimeout(() => settle(new SignalLost('no answer to the handshake')), CONNECT_TIMEOUT_MS);
      const settle = (error?: Error): void => {
        clearTimeout(timer);
        socket.off('connect').off('connect_error').off('disconnect');
        if (error === undefined) return resolve();
        link.close();
        reject(error);
      };
      socket.on('connect', () => settle());
      socket.on('disconnect', (reason) => settle(new SignalLost(reason)));
      socket.on('connect_error', (error) => {
        const refused = sfuError.safeParse('data' in error ? error.data : undefined);
        settle(refused.success ? new SignalRefused(refused.data) : new SignalLost(error.message));
      });
    });
    socket.on('disconnect', () => link.#lost());
    return link;
  }

  get up(): boolean {
    return !this.#closed && this.#socket.connected;
  }

  /** @throws SignalRefused for an error reply, SignalLost without one */
  async request<N extends SfuRequestName>(name: N, input: SfuInput<N>): Promise<SfuOutput<N>> {
    if (!this.up) throw new SignalLost('not connected');
    let raw: unknown;
    try {
      raw = await this.#socket.timeout(REQUEST_TIMEOUT_MS).emitWithAck(name, input);
    } catch {
      // Half dead is dead: whoever waits must not wait for the next heartbeat.
      this.#lost();
      throw new SignalLost(`no reply to ${name}`);
    }
    const reply = sfuReply.parse(raw);
    if (!reply.ok) throw new SignalRefused(reply.error);
    return parseSfuOutput(name, reply.data);
  }

  close(): void {
    this.#closed = true;
    this.#socket.close();
  }

  #lost(): void {
    if (this.#closed) return;
    this.close();
    this.#listener.lost();
  }

  #forward<N extends SfuEventName>(name: N): void {
    const schema: Parser<N> = parsers[name];
    const hear = (raw: unknown): void => {
      const parsed = schema.safeParse(raw);
      if (!this.#closed && parsed.success) this.#listener.event(name, parsed.data);
    };
    const on: (name: string, hear: (raw: unknown) => void) => unknown = this.#socket.on.bind(this.#socket);
    on(name, hear);
  }
}

interface Parser<N extends SfuEventName> {
  safeParse(raw: unknown): { success: true; data: SfuEvent<N> } | { success: false };
}

const parsers: { readonly [N in SfuEventName]: Parser<N> } = sfuEvents;
