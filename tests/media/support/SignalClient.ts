import { io, type Socket } from 'socket.io-client';
import {
  parseSfuOutput,
  sfuError,
  sfuEvents,
  sfuPath,
  sfuReply,
  type ByeReason,
  type RoomChange,
  type SfuError,
  type SfuInput,
  type SfuOutput,
  type SfuRequestName,
} from '../../../shared/contract/sfu.ts';
import { until } from '../../support/until.ts';

/** A request that was answered with an error. */
export class Refused extends Error {
  readonly error: SfuError;
  constructor(error: SfuError) {
    super(`${error.code}: ${error.message}`);
    this.error = error;
  }
}

/** The signalling half of a client: everything but WebRTC. What it receives is parsed by the contract. */
export class SignalClient implements AsyncDisposable {
  readonly changes: { revision: number; change: RoomChange }[] = [];
  readonly problems: SfuError[] = [];
  readonly closedConsumers: string[] = [];
  bye: ByeReason | undefined;
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('update', (raw: unknown) => this.changes.push(sfuEvents.update.parse(raw)));
    socket.on('problem', (raw: unknown) => this.problems.push(sfuEvents.problem.parse(raw)));
    socket.on('consumerClosed', (raw: unknown) =>
      this.closedConsumers.push(sfuEvents.consumerClosed.parse(raw).consumer),
    );
    socket.on('bye', (raw: unknown) => (this.bye = sfuEvents.bye.parse(raw).reason));
  }

  /** @throws Refused when the node does not let it in */
  static async connect(
    url: string,
    auth: Record<string, unknown>,
    headers: Record<string, string> = {},
  ): Promise<SignalClient> {
    const socket = io(url, {
      path: sfuPath,
      transports: ['websocket'],
      reconnection: false,
      forceNew: true,
      auth,
      extraHeaders: headers,
    });
    const client = new SignalClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', () => resolve());
      socket.once('connect_error', (error) => {
        socket.close();
        const data = sfuError.safeParse('data' in error ? error.data : undefined);
        reject(data.success ? new Refused(data.data) : error);
      });
    });
    return client;
  }

  /** Connects and joins in one go. */
  static async join(
    url: string,
    auth: Record<string, unknown>,
  ): Promise<{ client: SignalClient; joined: SfuOutput<'join'> }> {
    const client = await SignalClient.connect(url, auth);
    return { client, joined: await client.request('join', {}) };
  }

  get connected(): boolean {
    return this.#socket.connected;
  }

  /** @throws Refused for an error reply */
  async request<N extends SfuRequestName>(name: N, input: SfuInput<N>): Promise<SfuOutput<N>> {
    return parseSfuOutput(name, await this.raw(name, input));
  }

  /** Sends anything under any name. */
  async raw(name: string, ...payload: unknown[]): Promise<unknown> {
    const reply = sfuReply.parse(await this.#socket.timeout(5_000).emitWithAck(name, ...payload));
    if (!reply.ok) throw new Refused(reply.error);
    return reply.data;
  }

  /** Sends without asking for an acknowledgement. */
  shout(name: string, ...payload: unknown[]): void {
    this.#socket.emit(name, ...payload);
  }

  /** Cuts the connection underneath, as a lost network does. */
  cut(): void {
    this.#socket.io.engine.close();
  }

  async untilGone(): Promise<void> {
    await until('the socket is disconnected', () => !this.#socket.connected);
  }

  async untilChange<T extends RoomChange['type']>(type: T): Promise<Extract<RoomChange, { type: T }>> {
    const is = (change: RoomChange): change is Extract<RoomChange, { type: T }> => change.type === type;
    return until(`an update ${type}`, () => this.changes.map(({ change }) => change).find(is));
  }

  close(): void {
    this.#socket.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}

/** The code a promise is refused with; fails when it is not refused. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Refused) return error.error.code;
    throw error;
  }
  return 'OK';
}
