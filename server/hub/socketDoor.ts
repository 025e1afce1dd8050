import type { Server, Socket } from 'socket.io';
import { activityFrame, contractVersion, handshake, opFrame, type Reply } from '../../shared/contract/wire.ts';
import { AppError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import type { Actor } from '../store/Access.ts';
import { newId } from '../support/ids.ts';
import type { PresenceBook } from '../presence/Book.ts';
import type { Metrics } from '../support/metrics.ts';
import type { Authenticator } from '../accounts/Authenticator.ts';
import { clientAddress, networkOf, type Trust } from './addresses.ts';
import { Gate } from './Gate.ts';
import type { Door } from './operate.ts';
import type { RateLimits } from './rateLimits.ts';
import { sessionRoom } from './publish.ts';
import type { Subscriptions } from './Subscriptions.ts';
import { Tally } from './Tally.ts';
import { isVisitor, visitor } from './visitors.ts';

export interface SocketDoorDeps {
  readonly door: Door;
  readonly authenticator: Authenticator;
  readonly rateLimits: RateLimits;
  readonly metrics: Metrics;
  readonly presence: PresenceBook;
  readonly trusts: Trust;
  /** Multiplies the bounds of how many connections there may be. */
  readonly factor: number;
  subscriptions(socket: Socket): Subscriptions;
  /** After an answer was written. */
  answered(socketId: string): void;
}

/** A connected socket as the hub remembers it. */
export interface Connected {
  readonly accountId: string;
  readonly sid: string;
  readonly subscriptions: Subscriptions;
}

class HandshakeError extends Error {
  readonly data: { code: string; traceId: string };
  constructor(code: string, traceId: string) {
    super(code);
    this.data = { code, traceId };
  }
}

type Ack = (reply: Reply) => void;

/** The Socket.IO transport of the door: authenticates the handshake, then hands every frame on. */
export class SocketDoor {
  readonly connected = new Map<string, Connected>();
  readonly #deps: SocketDoorDeps;
  #draining = false;
  readonly #perVisitorAddress: Tally;
  readonly #perAccount: Tally;

  constructor(io: Server, deps: SocketDoorDeps) {
    this.#deps = deps;
    this.#perVisitorAddress = new Tally(limits.visitorsPerAddress);
    this.#perAccount = new Tally(Math.ceil(limits.connectionsPerAccount * deps.factor));
    const actors = new WeakMap<Socket, Actor>();
    io.use((socket, next) => {
      void this.#admit(socket).then(
        (actor) => {
          actors.set(socket, actor);
          next();
        },
        (error: unknown) => next(error instanceof Error ? error : new Error('refused')),
      );
    });
    io.on('connection', (socket) => {
      const actor = actors.get(socket);
      if (actor) this.#serve(socket, actor);
      else socket.disconnect(true);
    });
  }

  /** Lets nobody in any more; who is here is served until it goes. */
  closeDoor(): void {
    this.#draining = true;
  }

  async #admit(socket: Socket): Promise<Actor> {
    const traceId = newId();
    if (this.#draining) throw new HandshakeError('UNAVAILABLE', traceId);
    const address = this.#addressOf(socket);
    try {
      await this.#deps.rateLimits.address(address);
    } catch {
      throw new HandshakeError('RATE_LIMITED', traceId);
    }
    const auth = handshake.safeParse(socket.handshake.auth);
    if (!auth.success) throw new HandshakeError('UNAUTHENTICATED', traceId);
    if (auth.data.contract !== contractVersion) throw new HandshakeError('OUTDATED_CLIENT', traceId);
    if (auth.data.token === null) {
      await this.#deps.rateLimits.visitor(address).catch(() => {
        throw new HandshakeError('RATE_LIMITED', traceId);
      });
      if (!hold(socket, this.#perVisitorAddress, networkOf(address))) throw new HandshakeError('RATE_LIMITED', traceId);
      return visitor;
    }
    const actor = await this.#deps.authenticator.byToken(auth.data.token).catch(() => {
      throw new HandshakeError('UNAVAILABLE', traceId);
    });
    if (!actor) throw new HandshakeError('UNAUTHENTICATED', traceId);
    if (!hold(socket, this.#perAccount, actor.account._id)) throw new HandshakeError('RATE_LIMITED', traceId);
    return actor;
  }

  #addressOf({ handshake: { address, headers } }: Socket): string {
    return clientAddress(address, headers, this.#deps.trusts);
  }

  #serve(socket: Socket, { account, sid }: Actor): void {
    const { door, authenticator, metrics, presence, rateLimits } = this.#deps;
    const visiting = isVisitor(account);
    const subscriptions = this.#deps.subscriptions(socket);
    this.connected.set(socket.id, { accountId: account._id, sid, subscriptions });
    metrics.sockets.inc();
    if (!visiting) {
      presence.connected(socket.id, account._id);
      void socket.join(sessionRoom(sid));
    }
    const actorNow = async (): Promise<Actor> => {
      if (visiting) return visitor;
      const actor = await authenticator.bySession(account._id, sid);
      if (actor) return actor;
      socket.disconnect(true);
      throw new AppError('UNAUTHENTICATED', 'this session has ended');
    };
    const answer = (what: string, ack: Ack | undefined, work: (traceId: string) => Promise<Reply>): void => {
      const traceId = newId();
      void gate
        .run(() => work(traceId))
        .catch((error: unknown) => door.failure(error, traceId, what))
        .then((reply) => {
          ack?.(reply);
          this.#deps.answered(socket.id);
        });
    };
    const address = this.#addressOf(socket);
    const gate = new Gate(limits.requestsAtOnce, limits.requestsWaiting);

    socket.onAny((event: string, ...args: unknown[]) => {
      // Whatever else is sent along, the acknowledgement is the last function: who waits for an answer gets one.
      const ack = args.findLast(isAck);
      const payload = isAck(args[0]) ? undefined : args[0];
      switch (event) {
        case 'op':
          answer('op', ack, async () => {
            const frame = opFrame.safeParse(payload);
            if (!frame.success) {
              await rateLimits.address(address);
              throw new AppError('INVALID_INPUT', 'an op frame is {name, input, requestId?}');
            }
            const { name, input, requestId } = frame.data;
            // The size was limited by the transport (maxHttpBufferSize) before it got here.
            return await door.operate({
              name,
              input,
              requestId,
              transport: 'socket',
              address,
              bytes: 0,
              cookies: null,
              authenticate: async () => (visiting ? null : await actorNow()),
            });
          });
          return;
        case 'subscribe':
          answer('subscribe', ack, async (traceId) => {
            await rateLimits.address(address);
            const actor = await actorNow();
            await (visiting ? rateLimits.visitor(address) : rateLimits.account(account._id, 'read'));
            return { ok: true, data: await subscriptions.subscribe(actor, payload, traceId) };
          });
          return;
        case 'unsubscribe':
          answer('unsubscribe', ack, async (traceId) => {
            await rateLimits.address(address);
            await subscriptions.unsubscribe(await actorNow(), payload, traceId);
            return { ok: true, data: {} };
          });
          return;
        case 'activity':
          answer('activity', ack, async () => {
            await rateLimits.address(address);
            const frame = activityFrame.safeParse(payload);
            if (!frame.success) throw new AppError('INVALID_INPUT', 'an activity frame is {away}');
            if (visiting) throw new AppError('UNAUTHENTICATED', 'sign in first');
            await rateLimits.account(account._id, 'write');
            presence.setAway(socket.id, frame.data.away);
            return { ok: true, data: {} };
          });
          return;
        default:
          answer('unknown', ack, async () => {
            await rateLimits.address(address);
            throw new AppError('UNKNOWN_OPERATION', 'events are op, subscribe, unsubscribe and activity');
          });
      }
    });
    socket.on('disconnect', () => {
      this.connected.delete(socket.id);
      metrics.sockets.dec();
      if (!visiting) presence.gone(socket.id);
      void subscriptions.end({ account, sid }, newId()).catch(() => undefined);
    });
  }
}

/** Counts the connection until it closes; false when there are as many already as may be. */
function hold(socket: Socket, tally: Tally, key: string): boolean {
  const release = tally.take(key);
  if (release) socket.conn.once('close', release);
  return release !== null;
}

function isAck(value: unknown): value is Ack {
  return typeof value === 'function';
}
