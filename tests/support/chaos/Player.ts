import { io, type Socket } from 'socket.io-client';
import { z } from 'zod';
import { answered, beginSync, emptyCore, receive, type Core } from '../../../client/src/lib/streamCore.ts';
import type { SignedIn } from '../../../shared/contract/accounts.ts';
import type { OperationName } from '../../../shared/contract/index.ts';
import {
  batchFrame,
  contractVersion,
  moveFrame,
  reply as replySchema,
  subscribed,
} from '../../../shared/contract/wire.ts';
import {
  emptyQueue,
  queueEvent,
  queueState,
  reduceQueue,
  type QueueEvent,
  type QueueState,
} from '../../../shared/state/queue.ts';
import type { Outcome } from '../history/types.ts';
import type { OpenCommand, Recorder } from './Recorder.ts';

const ackMs = 15_000;
const connectMs = 10_000;
const data = z.record(z.string(), z.unknown());
/** Answers after which the client cannot know whether it happened, and asks again with the same request id. */
const unknowing = new Set(['UNAVAILABLE', 'TIMEOUT']);

type Mirror = Core<QueueState, QueueEvent>;

/** A signed-in client over the real socket, with the real client's resync, that loses its hub again and again. */
export class Player {
  readonly accountId: string;
  readonly patientIds: readonly string[];
  readonly #token: string;
  readonly #recorder: Recorder;
  readonly #mirrors = new Map<string, Mirror>();
  /** What to do when the hub stops and says so. */
  onMove: (withinMs: number) => void = () => undefined;
  #socket: Socket | null = null;
  /** Fails the connecting under way: a socket that is given up says nothing by itself. */
  #giveUp: (why: Error) => void = () => undefined;

  constructor(signedIn: SignedIn, recorder: Recorder) {
    this.accountId = signedIn.account.id;
    this.patientIds = signedIn.account.patients.map((patient) => patient.id);
    this.#token = signedIn.accessToken;
    this.#recorder = recorder;
  }

  get connected(): boolean {
    return this.#socket?.connected === true;
  }

  async connect(url: string): Promise<void> {
    this.disconnect();
    const socket = io(url, {
      transports: ['websocket'],
      auth: { token: this.#token, contract: contractVersion },
      forceNew: true,
      reconnection: false,
    });
    this.#socket = socket;
    socket.on('move', (raw: unknown) => {
      const { withinMs } = moveFrame.parse(raw);
      if (this.#socket === socket) this.onMove(withinMs);
    });
    socket.on('batch', (raw: unknown) => {
      const frame = batchFrame.parse(raw);
      const mirror = this.#mirrors.get(frame.key);
      if (!mirror) return;
      const batch = { ...frame, events: frame.events.map((event) => queueEvent.parse(event)) };
      const step = receive(mirror, batch, reduceQueue);
      this.#mirrors.set(frame.key, step.core);
      if (step.verdict === 'resync') void this.#sync(socket, frame.key);
    });
    await new Promise<void>((resolve, reject) => {
      this.#giveUp = reject;
      socket.once('connect', resolve);
      socket.once('connect_error', reject);
      // A hub that stops while it lets us in says neither.
      socket.once('disconnect', reject);
      // Nor does a connection that froze on the way.
      setTimeout(() => {
        if (!socket.connected) socket.disconnect();
        reject(new Error('not let in'));
      }, connectMs).unref();
    });
    await Promise.all([...this.#mirrors.keys()].map((sessionId) => this.#sync(socket, sessionId)));
  }

  disconnect(): void {
    this.#giveUp(new Error('given up'));
    this.#socket?.disconnect();
    this.#socket = null;
  }

  /** Follows a queue from now on, over every connection. */
  async follow(sessionId: string): Promise<void> {
    this.#mirrors.set(sessionId, emptyCore());
    if (this.#socket) await this.#sync(this.#socket, sessionId);
  }

  /** The queue as this client sees it. */
  queue(sessionId: string): QueueState {
    return this.#mirrors.get(sessionId)?.at?.state ?? emptyQueue;
  }

  seq(sessionId: string): number {
    return this.#mirrors.get(sessionId)?.at?.seq ?? 0;
  }

  /** A new command; see {@link attempt}. */
  async send(
    name: OperationName,
    input: Record<string, unknown>,
    stream: string,
  ): Promise<{ command: OpenCommand; outcome: Outcome; details: unknown }> {
    const command = this.#recorder.command(this.accountId, name, input, stream);
    return { command, ...(await this.attempt(command)) };
  }

  /** Sends a command, for the first time or again, and notes what came back. */
  async attempt(command: OpenCommand): Promise<{ outcome: Outcome; details: unknown }> {
    const sent = this.#recorder.tick();
    const { name, input, requestId } = command;
    let outcome: Outcome = { kind: 'lost' };
    let details: unknown;
    const socket = this.#socket;
    try {
      // What is sent over a broken connection would wait in it for the whole time.
      if (!socket?.connected) throw new Error('not connected');
      const raw: unknown = await socket.timeout(ackMs).emitWithAck('op', { name, input, requestId });
      const reply = replySchema.parse(raw);
      if (reply.ok) outcome = { kind: 'ok', data: data.parse(reply.data) };
      else {
        details = reply.error.details;
        if (reply.error.code === 'INTERNAL')
          this.#recorder.unexpected.push(`${name} ${requestId} was answered INTERNAL`);
        if (!unknowing.has(reply.error.code)) outcome = { kind: 'refused', code: reply.error.code };
      }
    } catch (error) {
      // No answer: the connection it was sent over broke, or there was none. Another may be there by now.
      if (socket?.connected === true)
        this.#recorder.unexpected.push(
          `${name} ${requestId} was not answered over a living connection: ${String(error)}`,
        );
    }
    const answeredAt = outcome.kind === 'lost' ? null : this.#recorder.tick();
    command.attempts.push({ sent, answered: answeredAt, outcome });
    return { outcome, details };
  }

  async #sync(socket: Socket, sessionId: string): Promise<void> {
    const begun = beginSync(this.#mirrors.get(sessionId) ?? emptyCore<QueueState, QueueEvent>());
    this.#mirrors.set(sessionId, begun.core);
    try {
      if (!socket.connected) throw new Error('not connected');
      const frame = { channel: 'queue', key: sessionId, ...(begun.since ? { since: begun.since } : {}) };
      const raw: unknown = await socket.timeout(ackMs).emitWithAck('subscribe', frame);
      const reply = replySchema.parse(raw);
      if (!reply.ok) throw new Error(reply.error.code);
      const start = subscribed.parse(reply.data);
      if (start.kind === 'view') throw new Error('a view where a stream was expected');
      const answer =
        start.kind === 'snapshot'
          ? { ...start, state: queueState.parse(start.state) }
          : { ...start, events: start.events.map((event) => queueEvent.parse(event)) };
      const step = answered(this.#mirrors.get(sessionId) ?? begun.core, answer, reduceQueue);
      this.#mirrors.set(sessionId, step.core);
      if (step.verdict === 'resync') await this.#sync(socket, sessionId);
    } catch {
      const held = this.#mirrors.get(sessionId);
      if (held) this.#mirrors.set(sessionId, { at: held.at, syncing: false, held: [], overflow: false });
      // A hub may refuse while its database is away; a broken connection is asked again by the next.
      if (socket.connected) setTimeout(() => void this.#sync(socket, sessionId), 100);
    }
  }
}
