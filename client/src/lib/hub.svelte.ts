import { untrack } from 'svelte';
import {
  operationOf,
  parseOutput,
  type CallOf,
  type OperationName,
  type OutputOf,
  type StreamName,
  type ViewName,
} from '../../../shared/contract/index.ts';
import { reply, subscribed, type Position, type Subscribed } from '../../../shared/contract/wire.ts';
import { limits } from '../../../shared/limits.ts';
import { Connection, type TokenSource } from './connection.svelte.ts';
import { callHttp } from './http.ts';
import { newRequestId } from './ids.ts';
import { RequestError } from './RequestError.ts';
import { Stores } from './stores.ts';
import type { StreamStore } from './stream.svelte.ts';
import type { Wire } from './subscription.svelte.ts';
import type { ViewStore } from './view.svelte.ts';

export interface RequestOptions {
  /** Of a command: made once per intent and kept over retries (also your own). Made here when absent. */
  requestId?: string;
  /** For everything, reconnects and retries included, ms. */
  timeoutMs?: number;
  signal?: AbortSignal;
}

/** How long a request waits for the socket to come up before it goes over HTTP, ms. */
const socketPatienceMs = 2_500;
/** A command that was sent before the connection broke is repeated (same request id) up to this long after it began, ms. */
const commandBoundMs = 30_000;

/** The client's one way to the hub: typed requests, live stores, the state of the connection. One per page: `lib/index.ts`. */
export class Hub implements Wire {
  readonly connection: Connection;
  #source: TokenSource;
  #origin: string;
  #stores = new Stores(this);
  #generation = $state(0);
  #holds = $state(0);
  #away = false;

  constructor(source: TokenSource, origin = '') {
    this.#source = source;
    this.#origin = origin;
    this.connection = new Connection(
      source,
      {
        live: () => {
          // A new socket counts as somebody who is there.
          if (this.#away) this.#tellActivity();
          this.#stores.each((store) => store.connected());
        },
        lost: () => this.#stores.each((store) => store.disconnected()),
        batch: (frame) => this.#stores.batch(frame),
        view: (frame) => this.#stores.latest(frame),
        patch: (frame) => this.#stores.patch(frame),
        closed: (frame) => this.#stores.closed(frame.channel, frame.key),
        resync: (frame) => this.#stores.resync(frame.channel, frame.key),
      },
      origin,
    );
  }

  get live(): boolean {
    return this.connection.live;
  }
  /** Moves when all stores were dropped (another account): anything that holds one must ask for it again. */
  get generation(): number {
    return this.#generation;
  }
  /** A new version is on the server and nothing holds the page: reload. */
  get shouldReload(): boolean {
    return this.connection.outdated && this.#holds === 0;
  }

  /** Keep this page from being reloaded for a new version while e.g. a call runs. Returns the release. */
  holdReload(): () => void {
    // Untracked: an effect that holds must not run again because somebody holds.
    const count = (by: number) => untrack(() => void (this.#holds += by));
    count(1);
    let held = true;
    return () => {
      if (held) count(-1);
      held = false;
    };
  }

  /** Nobody is at this device, or somebody is again: what others are shown of us. */
  setAway(away: boolean): void {
    this.#away = away;
    if (untrack(() => this.live)) this.#tellActivity();
  }

  open(): void {
    this.connection.open();
  }

  /** Signed out: closes the socket and forgets every store. */
  close(): void {
    this.connection.close();
    this.#stores.clear();
    this.#generation++;
  }

  /** The store of a stream; the same for everybody who asks. It is live while somebody has `acquire()`d it; see `useStream`. */
  stream<N extends StreamName>(name: N, key: string): StreamStore<N> {
    return this.#stores.stream(name, key);
  }
  view<N extends ViewName>(name: N, key: string): ViewStore<N> {
    return this.#stores.view(name, key);
  }

  /**
   * Performs one operation: over the socket when it is live, else over HTTP. A command that lost its connection is repeated with
   * the same request id after the reconnect, so it is done once.
   * @throws RequestError with the server's code, TIMEOUT or UNAVAILABLE; the signal's reason when aborted.
   */
  async request<N extends OperationName>(
    name: N,
    input: CallOf<N>,
    options: RequestOptions = {},
  ): Promise<OutputOf<N>> {
    // Untracked: an effect that asks something must not run again whenever the connection changes.
    const data = await untrack(() => this.#perform(name, input, options));
    try {
      return parseOutput(name, data);
    } catch (cause) {
      throw new RequestError('INTERNAL', `the reply to ${name} does not fit the contract: ${String(cause)}`);
    }
  }

  async subscribe(channel: string, key: string, since: Position | undefined): Promise<Subscribed> {
    const answer = await this.connection.emit('subscribe', since ? { channel, key, since } : { channel, key });
    return subscribed.parse(unwrap(answer));
  }

  unsubscribe(channel: string, key: string): void {
    // Nobody waits for it; a socket that is gone has no subscriptions.
    this.connection.emit('unsubscribe', { channel, key }).catch(() => undefined);
  }

  #tellActivity(): void {
    // Lost is told again with the next connection.
    this.connection.emit('activity', { away: this.#away }).catch(() => undefined);
  }

  async #perform(
    name: OperationName,
    input: object,
    { requestId, timeoutMs, signal }: RequestOptions,
  ): Promise<unknown> {
    const operation = operationOf(name);
    const id = operation.kind === 'command' ? (requestId ?? newRequestId()) : undefined;
    const began = Date.now();
    let bound = timeoutMs ?? limits.requestTimeoutMs;
    let renewed = false;
    for (let attempt = 0; ; attempt++) {
      signal?.throwIfAborted();
      const left = began + bound - Date.now();
      if (left <= 0) throw RequestError.timeout();
      try {
        return await this.#once(name, input, id, left, signal);
      } catch (thrown) {
        signal?.throwIfAborted();
        const error = RequestError.of(thrown);
        if (error.code === 'UNAUTHENTICATED' && !renewed && operation.roles !== 'public') {
          renewed = true;
          if ((await this.#source.token(true)) !== null) continue;
        }
        if (!error.unanswered || error.code === 'TIMEOUT') throw error;
        // The connection broke with the request under way. Asking again is safe: queries change nothing, commands carry their id.
        if (operation.kind === 'command' && timeoutMs === undefined) bound = commandBoundMs;
        if (!this.connection.live && !(await this.#worthRetrying(began + bound - Date.now(), attempt, signal)))
          throw error;
      }
    }
  }

  async #once(
    name: OperationName,
    input: object,
    requestId: string | undefined,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<unknown> {
    const operation = operationOf(name);
    const httpOnly = operation.transports !== undefined && !operation.transports.includes('socket');
    if (!httpOnly && (this.live || (await this.connection.whenLive(Math.min(socketPatienceMs, timeoutMs), signal)))) {
      const answer = this.connection.emit('op', requestId ? { name, input, requestId } : { name, input }, timeoutMs);
      return unwrap(await (signal ? abortable(answer, signal) : answer));
    }
    signal?.throwIfAborted();
    const token = operation.roles === 'public' ? null : await this.#source.token();
    return callHttp(name, input, { token, requestId, signal, timeoutMs, origin: this.#origin });
  }

  /** Waits for a connection, a little longer each time; false when there is no time left for it. */
  async #worthRetrying(leftMs: number, attempt: number, signal?: AbortSignal): Promise<boolean> {
    const wait = Math.min(leftMs, 1_000 * 2 ** attempt);
    if (wait <= 0 || attempt >= 6) return false;
    const began = Date.now();
    if (await this.connection.whenLive(wait, signal)) return true;
    await new Promise((resolve) => setTimeout(resolve, began + wait - Date.now()));
    return true;
  }
}

function unwrap(answer: unknown): unknown {
  const parsed = reply.safeParse(answer);
  if (!parsed.success) throw new RequestError('INTERNAL', 'the reply is no reply');
  if (!parsed.data.ok) throw RequestError.from(parsed.data.error);
  return parsed.data.data;
}

function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(RequestError.of(signal.reason));
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
