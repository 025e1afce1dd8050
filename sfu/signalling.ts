import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server as HttpServer } from 'node:http';
import type { Logger } from 'pino';
import { Server, type Socket } from 'socket.io';
import {
  handshakeAuth,
  sfuMaxFrame,
  sfuPath,
  sfuRequests,
  type ByeReason,
  type GrantClaims,
  type SfuError,
  type SfuEvent,
  type SfuEventName,
  type SfuOutput,
  type SfuReply,
} from '../shared/contract/sfu.ts';
import { isLoopback, type SfuConfig } from './config.ts';
import type { GrantDesk } from './grant.ts';
import { fullBudget, spend } from './messageBudget.ts';
import type { SfuMetrics } from './metrics.ts';
import type { PeerSocket } from './Peer.ts';
import { isRoute, parseInput, routes, type Seat } from './requests.ts';
import type { RoomDirectory } from './RoomDirectory.ts';
import { SfuFailure, toSfuError } from './SfuFailure.ts';
import { turnServer } from './turn.ts';

/** How a socket was let in. */
type Entry = { by: 'grant'; claims: GrantClaims } | { by: 'resume'; token: string };
type FromClient = Record<string, (...args: unknown[]) => void>;
/** Typed where it is sent, in `send`: a generic event name cannot be followed through Socket.IO's own types. */
type ToClient = Record<string, (event: unknown) => void>;
type Ack = (answer: SfuReply) => void;
type SfuServer = Server<FromClient, ToClient, Record<string, never>, { entry?: Entry }>;
type SfuSocket = Socket<FromClient, ToClient, Record<string, never>, { entry?: Entry }>;

/** What signalling stands on. */
export interface SignallingParts {
  readonly config: SfuConfig;
  readonly bootId: string;
  readonly grants: GrantDesk;
  readonly directory: RoomDirectory;
  readonly metrics: SfuMetrics;
  readonly log: Logger;
  readonly now: () => number;
}

/** Opens signalling on an HTTP server. A socket is let in by its grant or resume token before anything else is read from it. */
export function openSignalling(http: HttpServer, parts: SignallingParts): SfuServer {
  const io: SfuServer = new Server(http, {
    path: sfuPath,
    transports: ['websocket'],
    serveClient: false,
    maxHttpBufferSize: sfuMaxFrame,
    perMessageDeflate: false,
    httpCompression: false,
    connectTimeout: 10_000,
    // A dead connection is noticed within 10 s by either side.
    pingInterval: 5_000,
    pingTimeout: 5_000,
    allowRequest: (request, decide) => decide(null, isAllowedOrigin(request, parts.config.allowedOrigins)),
  });
  io.use((socket, next) => {
    admit(socket, parts).then(
      () => next(),
      (thrown: unknown) => next(refusal(thrown, parts)),
    );
  });
  io.on('connection', (socket) => new Connection(socket, parts));
  return io;
}

/** Browsers always send their page's origin; other clients have none and still need a grant. */
export function isAllowedOrigin(request: IncomingMessage, allowed: SfuConfig['allowedOrigins']): boolean {
  const origin = request.headers.origin;
  if (origin === undefined) return true;
  if (allowed !== 'localhost') return allowed.includes(origin);
  return URL.canParse(origin) && isLoopback(new URL(origin).hostname);
}

async function admit(socket: SfuSocket, { grants, directory }: SignallingParts): Promise<void> {
  const auth = handshakeAuth.safeParse(socket.handshake.auth);
  if (!auth.success) throw new SfuFailure('UNAUTHENTICATED', 'a grant or a resume token is needed');
  // Not kept where a log line or a dump of the socket would show it.
  socket.handshake.auth = {};
  if ('resume' in auth.data) {
    directory.seatOf(auth.data.resume);
    socket.data.entry = { by: 'resume', token: auth.data.resume };
  } else {
    const claims = await grants.redeem(auth.data.grant);
    directory.checkEpoch(claims);
    socket.data.entry = { by: 'grant', claims };
  }
}

class RefusedConnection extends Error {
  readonly data: SfuError;
  constructor(data: SfuError) {
    super(data.code);
    this.data = data;
  }
}

function refusal(thrown: unknown, { metrics, log }: SignallingParts): RefusedConnection {
  const { error, unexpected } = toSfuError(thrown);
  metrics.refused(error.code);
  if (unexpected) log.error({ err: thrown, traceId: error.traceId }, 'handshake failed');
  else log.info({ code: error.code, traceId: error.traceId }, 'connection refused');
  return new RefusedConnection(error);
}

/** One client's connection, from `join` to its end. */
class Connection implements PeerSocket {
  readonly #socket: SfuSocket;
  readonly #parts: SignallingParts;
  readonly #joinTimer: NodeJS.Timeout;
  #seat: Seat | undefined;
  /** Set once the join reply, with the snapshot, is out: updates before it are in the snapshot. */
  #live = false;
  #joining = false;
  #budget;

  constructor(socket: SfuSocket, parts: SignallingParts) {
    this.#socket = socket;
    this.#parts = parts;
    this.#budget = fullBudget(this.#rules, parts.now());
    this.#joinTimer = setTimeout(() => socket.disconnect(true), parts.config.limits.joinMs);
    socket.onAny((name: unknown, ...args: unknown[]) => this.#onMessage(String(name), args));
    socket.on('disconnect', () => this.#onDisconnect());
    socket.on('error', () => socket.disconnect(true));
  }

  send<N extends SfuEventName>(name: N, event: SfuEvent<N>): void {
    if (this.#live || name === 'bye' || name === 'problem') this.#socket.emit(name, event);
  }

  drop(reason?: ByeReason): void {
    if (reason !== undefined) this.send('bye', { reason });
    this.#live = false;
    this.#socket.disconnect(true);
  }

  get #rules() {
    const { messagesPerSecond, messageBurst, refusedMessages } = this.#parts.config.limits;
    return { perSecond: messagesPerSecond, burst: messageBurst, refusals: refusedMessages };
  }

  #onMessage(name: string, args: unknown[]): void {
    const last = args.at(-1);
    const ack = isAck(last) ? last : undefined;
    const reply: Ack = (answer) => {
      if (ack !== undefined) ack(answer);
      else if (!answer.ok) this.send('problem', answer.error);
    };
    const { budget, verdict } = spend(this.#budget, this.#rules, this.#parts.now());
    this.#budget = budget;
    if (verdict === 'disconnect') return this.drop('rate-limited');
    const payloads = ack === undefined ? args : args.slice(0, -1);
    this.#answer(name, payloads, verdict, ack !== undefined, reply).catch((thrown: unknown) => {
      const { error, unexpected } = toSfuError(thrown);
      this.#parts.metrics.failed(error.code);
      if (unexpected) {
        this.#parts.log.error({ err: thrown, request: name.slice(0, 64), traceId: error.traceId }, 'request failed');
      }
      reply({ ok: false, error });
    });
  }

  async #answer(
    name: string,
    args: unknown[],
    verdict: 'pass' | 'refuse',
    acknowledged: boolean,
    reply: Ack,
  ): Promise<void> {
    if (verdict === 'refuse') throw new SfuFailure('RATE_LIMITED', 'too many requests');
    if (name !== 'join' && !isRoute(name)) throw new SfuFailure('UNKNOWN_OPERATION', 'no such request');
    if (!acknowledged) throw new SfuFailure('INVALID_INPUT', 'a request needs an acknowledgement');
    if (args.length > 1) throw new SfuFailure('INVALID_INPUT', 'a request has one payload');
    if (name === 'join') return this.#join(args[0], reply);
    const seat = this.#seat;
    if (seat === undefined) throw new SfuFailure('WRONG_STATE', 'join first');
    const data = await seat.peer.exclusive(() => {
      // Its turn may come after another socket took the seat.
      if (seat.peer.socket !== this) throw new SfuFailure('WRONG_STATE', 'this socket has no seat any more');
      return routes[name](seat, args[0]);
    });
    reply({ ok: true, data });
  }

  async #join(raw: unknown, reply: Ack): Promise<void> {
    parseInput(sfuRequests.join.input, raw);
    const entry = this.#socket.data.entry;
    if (entry === undefined || this.#joining) throw new SfuFailure('WRONG_STATE', 'joined already');
    this.#joining = true;
    clearTimeout(this.#joinTimer);
    try {
      const { room, peer, resumed } = await this.#takeSeat(entry);
      await peer.exclusive(async () => {
        if (peer.socket !== this) throw new SfuFailure('WRONG_STATE', 'this socket has no seat any more');
        const kept = resumed && peer.media?.open === true;
        const media = kept && peer.media !== undefined ? peer.media : await room.openMedia(peer);
        if (peer.socket !== this) throw new SfuFailure('WRONG_STATE', 'this socket has no seat any more');
        const { bootId, config, metrics, now } = this.#parts;
        const data: SfuOutput<'join'> = sfuRequests.join.output.parse({
          bootId,
          room: room.name,
          epoch: room.epoch,
          peer: peer.id,
          role: peer.role,
          resumed: kept,
          resume: peer.resume,
          graceMs: config.limits.graceMs,
          routerRtpCapabilities: room.rtpCapabilities,
          transports: media.describe(),
          iceServers: [
            ...config.iceServers,
            ...(config.turn === undefined ? [] : [turnServer(config.turn, randomUUID(), now())]),
          ],
          snapshot: room.snapshot(),
          consumers: [...media.consumers.values()].map(({ id, producerId }) => ({ id, producer: producerId })),
        });
        // In one go with the snapshot, so that no update is missed or comes before it.
        reply({ ok: true, data });
        this.#live = true;
        metrics.joined(resumed ? 'resume' : 'grant');
      });
    } catch (error) {
      // Without a join there is nothing to wait for; the client starts anew with a fresh grant.
      setTimeout(() => this.#socket.disconnect(true), 1_000).unref();
      throw error;
    }
  }

  async #takeSeat(entry: Entry): Promise<Seat & { resumed: boolean }> {
    const { directory } = this.#parts;
    if (entry.by === 'resume') {
      const { room, peer } = directory.seatOf(entry.token);
      room.resumeSeat(peer, this);
      this.#seat = { room, peer, directory };
      return { ...this.#seat, resumed: true };
    }
    const room = await directory.open(entry.claims);
    if (this.#socket.disconnected) throw new SfuFailure('WRONG_STATE', 'the socket has gone');
    const peer = room.takeSeat(entry.claims, this);
    this.#seat = { room, peer, directory };
    return { ...this.#seat, resumed: false };
  }

  #onDisconnect(): void {
    clearTimeout(this.#joinTimer);
    this.#live = false;
    if (this.#seat !== undefined) this.#seat.room.socketGone(this.#seat.peer, this);
  }
}

function isAck(value: unknown): value is Ack {
  return typeof value === 'function';
}
