import { io, type Socket } from 'socket.io-client';
import type { z } from 'zod';
import { signedIn, type SignedIn } from '../../shared/contract/accounts.ts';
import { parseOutput, type CallOf, type OperationName, type OutputOf } from '../../shared/contract/index.ts';
import {
  batchFrame,
  contractVersion,
  patchFrame,
  reply as replySchema,
  resyncFrame,
  subscribed,
  viewFrame,
  type BatchFrame,
  type PatchFrame,
  type Position,
  type Reply,
  type Subscribed,
  type ViewFrame,
} from '../../shared/contract/wire.ts';
import { AppError, isErrorCode } from '../../shared/errors.ts';
import { demoPassword } from '../../server/seed/people.ts';
import { until } from './until.ts';

const ackMs = 20_000;

/** A user of the platform without a browser: signs in over HTTP, works over a socket, remembers every frame. */
export class TestClient {
  readonly url: string;
  readonly signedIn: SignedIn;
  readonly socket: Socket;
  readonly batches: BatchFrame[] = [];
  readonly views: ViewFrame[] = [];
  readonly patches: PatchFrame[] = [];
  readonly closed: unknown[] = [];
  readonly resyncs: unknown[] = [];
  /** Every text frame as it came over the wire. */
  readonly raw: string[] = [];
  refreshCookie: string;

  private constructor(url: string, signedInAs: SignedIn, refreshCookie: string) {
    this.url = url;
    this.signedIn = signedInAs;
    this.refreshCookie = refreshCookie;
    this.socket = io(url, {
      transports: ['websocket'],
      auth: { token: signedInAs.accessToken, contract: contractVersion },
      forceNew: true,
      autoConnect: false,
      reconnection: false,
    });
    this.socket.on('batch', (frame: unknown) => this.batches.push(batchFrame.parse(frame)));
    this.socket.on('view', (frame: unknown) => this.views.push(viewFrame.parse(frame)));
    this.socket.on('patch', (frame: unknown) => this.patches.push(patchFrame.parse(frame)));
    this.socket.on('closed', (frame: unknown) => this.closed.push(frame));
    this.socket.on('resync', (frame: unknown) => this.resyncs.push(resyncFrame.parse(frame)));
    this.socket.io.on('open', () => {
      this.socket.io.engine.on('packet', (packet: { data?: unknown }) => {
        if (typeof packet.data === 'string') this.raw.push(packet.data);
      });
    });
  }

  /** Signs in as a demo account, e.g. `'doctor'` or `'patient2'`, and connects. */
  static async as(url: string, who: string): Promise<TestClient> {
    return await TestClient.signedIn(url, `${who}@demo.nadi`, demoPassword);
  }

  /** Signs in with an address and a password, and connects. */
  static async signedIn(url: string, email: string, password: string): Promise<TestClient> {
    const { data, cookie } = await TestClient.login(url, email, password);
    const client = new TestClient(url, data, cookie);
    await client.connect();
    return client;
  }

  static async login(url: string, email: string, password: string): Promise<{ data: SignedIn; cookie: string }> {
    const response = await fetch(`${url}/api/v1/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email, password }),
    });
    const body = replySchema.parse(await response.json());
    if (!body.ok) throw toError(body);
    return { data: signedIn.parse(body.data), cookie: cookieOf(response) };
  }

  async connect(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.socket.once('connect', resolve);
      this.socket.once('connect_error', reject);
      this.socket.connect();
    });
  }

  /** One operation over the socket; the reply as it is. */
  async op(name: string, input: unknown, requestId?: string): Promise<Reply> {
    const frame = { name, input, ...(requestId === undefined ? {} : { requestId }) };
    return replySchema.parse(await this.socket.timeout(ackMs).emitWithAck('op', frame));
  }

  /** One operation over the socket; its data, or the coded error thrown. */
  async call<N extends OperationName>(name: N, input: CallOf<N>, requestId?: string): Promise<OutputOf<N>> {
    const answer = await this.op(name, input, requestId);
    if (!answer.ok) throw toError(answer);
    return parseOutput(name, answer.data);
  }

  /** One operation over HTTP. */
  async http(
    path: string,
    init: { method?: string; body?: unknown; raw?: Uint8Array<ArrayBuffer>; headers?: Record<string, string> } = {},
  ): Promise<Response> {
    return await fetch(`${this.url}${path}`, {
      method: init.method ?? (init.body === undefined ? 'GET' : 'POST'),
      headers: {
        authorization: `Bearer ${this.signedIn.accessToken}`,
        ...(init.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...init.headers,
      },
      ...(init.raw === undefined ? {} : { body: init.raw }),
      ...(init.body === undefined ? {} : { body: JSON.stringify(init.body) }),
    });
  }

  async subscribeReply(channel: string, key: string, since?: Position): Promise<Reply> {
    const frame = { channel, key, ...(since ? { since } : {}) };
    return replySchema.parse(await this.socket.timeout(ackMs).emitWithAck('subscribe', frame));
  }

  async subscribe(channel: string, key: string, since?: Position): Promise<Subscribed> {
    const answer = await this.subscribeReply(channel, key, since);
    if (!answer.ok) throw toError(answer);
    return subscribed.parse(answer.data);
  }

  /** The newest state of a view that fulfils `wanted`, waiting for it. */
  async view<T>(
    channel: string,
    key: string,
    schema: z.ZodType<T>,
    wanted: (state: T) => boolean,
    what: string,
  ): Promise<T> {
    return await until(what, () => {
      const frame = this.views.findLast((one) => one.channel === channel && one.key === key);
      const state = frame ? schema.parse(frame.state) : null;
      return state !== null && wanted(state) ? state : null;
    });
  }

  close(): void {
    this.socket.disconnect();
  }
}

export function cookieOf(response: Response): string {
  return (
    response.headers
      .getSetCookie()
      .find((cookie) => /^(__Host-)?nadi_refresh=/.test(cookie))
      ?.split(';')[0] ?? ''
  );
}

/** A refused reply as the error it stands for. */
export function toError(refused: Reply): Error {
  if (refused.ok) return new Error('this reply is no error');
  const { code, message, details } = refused.error;
  return isErrorCode(code) ? new AppError(code, message, details) : new Error(code);
}
