import { io, type Socket } from 'socket.io-client';
import { contractVersion, type MoveFrame } from '../../../shared/contract/wire.ts';
import { isErrorCode, type ErrorCode } from '../../../shared/errors.ts';
import { limits } from '../../../shared/limits.ts';
import { backoff } from './backoff.ts';
import { onFrames, type FrameListener } from './frames.ts';
import { RequestError } from './RequestError.ts';
import { transportsOf } from './transports.ts';

export type ConnectionState = 'connecting' | 'live' | 'reconnecting' | 'offline';

/** What a connection needs from the session: a token that is good for a while, and the news that none will do. */
export interface TokenSource {
  /** Connects without an account: what `token()` gives is not sent. */
  readonly visitor?: true;
  /** A usable access token, refreshed when it is near its end, or always with `force`. Null when signed out. */
  token(force?: boolean): Promise<string | null>;
}

export interface ConnectionListener extends Omit<FrameListener, 'move'> {
  live(): void;
  lost(): void;
}

/** Failures in a row before people are told "offline" even though the browser says it has a network. */
const offlineAfter = 4;
/** How long a socket that was taken over from may still wait for answers, ms. */
const retireWithinMs = 5_000;
/** Silence after which a socket that slept with its tab is not believed any more, ms. */
const doubtAfterMs = 10_000;

/** The one socket of this tab: opens it, keeps it open, says how it is. Knows nothing of operations or stores. */
export class Connection {
  #state = $state<ConnectionState>('connecting');
  #lastUpdated = $state<number | null>(null);
  #outdated = $state(false);
  #source: TokenSource;
  #listener: ConnectionListener;
  #origin: string;
  #socket: Socket | null = null;
  #wanted = false;
  #busy = false;
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #force = false;
  #heard = 0;
  /** How many answers each socket owes. */
  #asked = new WeakMap<Socket, number>();
  /** The socket that shall take over, while we still use the one of a hub that stops. */
  #next: Socket | null = null;
  #waiting: ((live: boolean) => void)[] = [];

  constructor(source: TokenSource, listener: ConnectionListener, origin = '') {
    this.#source = source;
    this.#listener = listener;
    this.#origin = origin;
  }

  get state(): ConnectionState {
    return this.#state;
  }
  get live(): boolean {
    return this.#state === 'live';
  }
  /** When the server was last heard, ms since the epoch by our own clock; moves when the connection is lost, not while it is live. */
  get lastUpdated(): number | null {
    return this.#lastUpdated;
  }
  /** This page is older than the server: reload when nothing would be interrupted. */
  get outdated(): boolean {
    return this.#outdated;
  }

  open(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    this.#failures = 0;
    this.#state = 'connecting';
    addEventListener('online', this.#wake);
    addEventListener('offline', this.#networkGone);
    document.addEventListener('visibilitychange', this.#wake);
    this.#attempt();
  }

  close(): void {
    this.#wanted = false;
    removeEventListener('online', this.#wake);
    removeEventListener('offline', this.#networkGone);
    document.removeEventListener('visibilitychange', this.#wake);
    clearTimeout(this.#timer);
    this.#drop();
    this.#state = 'connecting';
    this.#lastUpdated = null;
    this.#settle(false);
  }

  /** Sends one event and waits for its ack. @throws RequestError TIMEOUT, or UNAVAILABLE when the socket went away. */
  async emit(
    event: 'op' | 'subscribe' | 'unsubscribe' | 'activity',
    payload: object,
    timeoutMs: number = limits.requestTimeoutMs,
  ): Promise<unknown> {
    const socket = this.#socket;
    if (!socket?.connected) throw RequestError.unreachable();
    this.#asked.set(socket, (this.#asked.get(socket) ?? 0) + 1);
    try {
      const answer: unknown = await socket.timeout(timeoutMs).emitWithAck(event, payload);
      this.#heard = Date.now();
      return answer;
    } catch {
      throw socket.connected ? RequestError.timeout() : RequestError.unreachable('the connection was lost');
    } finally {
      this.#asked.set(socket, (this.#asked.get(socket) ?? 1) - 1);
    }
  }

  /** Resolves with true once live, with false after `timeoutMs` or when closed. */
  whenLive(timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
    if (this.live) return Promise.resolve(true);
    if (!this.#wanted || timeoutMs <= 0 || signal?.aborted) return Promise.resolve(false);
    return new Promise((resolve) => {
      const done = (live: boolean) => {
        clearTimeout(timer);
        this.#waiting = this.#waiting.filter((one) => one !== done);
        signal?.removeEventListener('abort', abort);
        resolve(live);
      };
      const abort = () => done(false);
      const timer = setTimeout(() => done(false), timeoutMs);
      signal?.addEventListener('abort', abort);
      this.#waiting.push(done);
    });
  }

  /** Connect anew at once; with `force` after fetching a new token (the old one was refused). */
  restart(force = false): void {
    if (!this.#wanted) return;
    this.#force ||= force;
    this.#lost();
    this.#attempt();
  }

  #attempt(): void {
    clearTimeout(this.#timer);
    if (!this.#wanted || this.#busy || this.#socket) return;
    this.#busy = true;
    const force = this.#force;
    this.#source
      .token(force)
      .then((token) => {
        this.#busy = false;
        if (!this.#wanted || token === null) return;
        this.#force = false;
        this.#connect(token);
      })
      .catch(() => {
        this.#busy = false;
        this.#failed();
      });
  }

  /** @param from the socket to take over from, once the new one is connected. */
  #connect(token: string, from: Socket | null = null): void {
    const socket = io(this.#origin === '' ? location.origin : this.#origin, {
      transports: transportsOf(document),
      tryAllTransports: true,
      forceNew: true,
      reconnection: false,
      timeout: limits.requestTimeoutMs,
      auth: { token: this.#source.visitor ? null : token, contract: contractVersion },
    });
    if (from) this.#next = socket;
    else this.#socket = socket;
    const mine = (handle: () => void) => () => {
      if (this.#socket === socket) handle();
    };
    socket.on('connect', () => {
      if (from && this.#next === socket && this.#socket === from) {
        this.#socket = socket;
        this.#next = null;
        this.#retire(from);
      }
      if (this.#socket === socket) this.#connected();
    });
    const notThere = (): void => {
      if (!from || this.#next !== socket) return;
      this.#forgetNext();
      // Perhaps it was led to the hub that stops; another try leads elsewhere.
      this.#timer = setTimeout(() => this.#move(from), backoff(0, Math.random));
    };
    socket.on('connect_error', (error: Error & { data?: unknown }) => {
      notThere();
      if (this.#socket !== socket) return;
      this.#drop();
      this.#refused(codeOf(error.data));
    });
    socket.on('disconnect', (reason) => {
      notThere();
      if (this.#socket !== socket) return;
      // The hub closed it: signed out elsewhere, access revoked, or a token at its end. Ask for a new token to find out.
      if (reason === 'io server disconnect') this.#force = true;
      this.#lost();
      this.#failed();
    });
    socket.io.on(
      'ping',
      mine(() => (this.#heard = Date.now())),
    );
    const ours = (): boolean => {
      if (this.#socket !== socket) return false;
      this.#heard = Date.now();
      return true;
    };
    const move = ({ withinMs }: MoveFrame): void => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#move(socket), Math.random() * withinMs);
    };
    onFrames(socket, ours, { ...this.#listener, move });
  }

  /** Connects anew while the old socket still works: nobody sees a gap. When it breaks meanwhile, all is as ever. */
  #move(from: Socket): void {
    if (!this.#wanted || this.#socket !== from || this.#next) return;
    this.#source
      .token()
      .then((token) => {
        if (token !== null && this.#wanted && this.#socket === from && !this.#next) this.#connect(token, from);
      })
      .catch(() => undefined);
  }

  /** Closes a socket that was taken over from, once it owes no answer. */
  #retire(socket: Socket): void {
    const since = Date.now();
    const look = () => {
      if (socket.connected && (this.#asked.get(socket) ?? 0) > 0 && Date.now() - since < retireWithinMs) {
        setTimeout(look, 50);
        return;
      }
      socket.disconnect();
      socket.io.removeAllListeners();
    };
    look();
  }

  #forgetNext(): void {
    const next = this.#next;
    this.#next = null;
    next?.disconnect();
    next?.io.removeAllListeners();
  }

  #connected(): void {
    this.#failures = 0;
    this.#heard = Date.now();
    this.#lastUpdated = this.#heard;
    this.#state = 'live';
    this.#listener.live();
    this.#settle(true);
  }

  #refused(code: ErrorCode | null): void {
    if (code === 'OUTDATED_CLIENT') this.#outdated = true;
    if (code === 'UNAUTHENTICATED' || code === 'SESSION_REVOKED') this.#force = true;
    this.#failed();
  }

  /** Drops the socket and says so. */
  #lost(): void {
    const was = this.#state;
    this.#drop();
    if (was !== 'live') return;
    this.#lastUpdated = this.#heard;
    this.#state = navigator.onLine ? 'reconnecting' : 'offline';
    this.#listener.lost();
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = null;
    this.#forgetNext();
    if (!socket) return;
    // Pending acks are rejected by this; listeners stay quiet, because the socket is no longer ours.
    socket.disconnect();
    socket.io.removeAllListeners();
  }

  #failed(): void {
    if (!this.#wanted) return;
    const attempt = this.#failures++;
    if (!navigator.onLine || this.#failures >= offlineAfter) this.#state = 'offline';
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#attempt(), backoff(attempt, Math.random));
  }

  #settle(live: boolean): void {
    for (const done of [...this.#waiting]) done(live);
  }

  /** The network or the tab came back: try at once, and test a socket that may have died in its sleep. */
  #wake = (): void => {
    if (!this.#wanted || document.visibilityState === 'hidden') return;
    if (!this.#socket) {
      this.#failures = Math.min(this.#failures, 1);
      this.#attempt();
    } else if (this.live && Date.now() - this.#heard > doubtAfterMs) {
      this.emit('op', { name: 'system.info', input: {} }, 3_000).catch(() => this.restart());
    }
  };

  #networkGone = (): void => {
    if (!this.live) this.#state = 'offline';
    else this.emit('op', { name: 'system.info', input: {} }, 3_000).catch(() => this.restart());
  };
}

function codeOf(data: unknown): ErrorCode | null {
  if (typeof data !== 'object' || data === null || !('code' in data)) return null;
  return typeof data.code === 'string' && isErrorCode(data.code) ? data.code : null;
}
