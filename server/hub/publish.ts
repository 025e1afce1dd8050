import type { Server } from 'socket.io';
import type { z } from 'zod';
import {
  channels,
  type ChannelName,
  type PatchedName,
  type StreamName,
  type ViewName,
  type ViewState,
} from '../../shared/contract/index.ts';
import type {
  BatchFrame,
  ClosedFrame,
  MoveFrame,
  PatchFrame,
  ResyncFrame,
  Revision,
  ViewFrame,
} from '../../shared/contract/wire.ts';
import type { StreamEvent } from '../store/streams/index.ts';
import type { Metrics } from '../support/metrics.ts';
import { frameOf, Line } from './Line.ts';
import { SlowReaders, slowReaderLimits, type SlowReaderLimits } from './SlowReaders.ts';

/** Events of one stream that come within this time of a batch wait for the next, ms. A lone event is never delayed. */
const coalesceMs = 25;

interface Buffer {
  readonly channel: StreamName;
  readonly key: string;
  epoch: number;
  events: StreamEvent[];
  timer: NodeJS.Timeout | null;
}

export const roomOf = (channel: string, key: string): string => `${channel}:${key}`;
export const sessionRoom = (sid: string): string => `sid:${sid}`;

/**
 * The one door out: nothing else emits. Everything passes the channel's own schema on its way, which keeps only the
 * fields the contract lists for that audience. Emits to this hub's sockets only; other hubs read the log themselves.
 */
export class Publisher {
  readonly #io: Server;
  readonly #metrics: Metrics;
  readonly #buffers = new Map<string, Buffer>();
  readonly #lines = new Map<string, Line>();
  readonly #slow: SlowReaders;

  constructor(io: Server, metrics: Metrics, limits: SlowReaderLimits = slowReaderLimits) {
    this.#io = io;
    this.#metrics = metrics;
    this.#slow = new SlowReaders({
      lines: this.#lines,
      resync: (line, frame) => void line.socket.emit('resync', frame),
      onOutcome: (outcome) => metrics.slowReaders.inc({ outcome }),
      limits,
    });
    io.on('connection', (socket) => {
      const line = new Line(socket);
      this.#lines.set(socket.id, line);
      socket.on('disconnect', () => {
        this.#lines.delete(socket.id);
        this.#slow.forget(line);
      });
    });
  }

  /** How many sockets of this hub look at it. */
  viewers(channel: string, key: string): number {
    return this.#io.sockets.adapter.rooms.get(roomOf(channel, key))?.size ?? 0;
  }

  /** Keys of a channel that somebody of this hub looks at. */
  watchedKeys(channel: string): string[] {
    const prefix = `${channel}:`;
    return [...this.#io.sockets.adapter.rooms.keys()]
      .filter((room) => room.startsWith(prefix))
      .map((room) => room.slice(prefix.length));
  }

  /** Sends events of a stream, in order: the first at once, what follows closely together. */
  events(channel: StreamName, key: string, epoch: number, events: readonly StreamEvent[]): void {
    const room = roomOf(channel, key);
    let buffer = this.#buffers.get(room);
    if (!buffer) {
      if (this.viewers(channel, key) === 0) return;
      buffer = { channel, key, epoch, events: [], timer: null };
      this.#buffers.set(room, buffer);
    }
    if (buffer.epoch !== epoch && buffer.events.length > 0) this.#flush(room, buffer);
    buffer.epoch = epoch;
    buffer.events.push(...events);
    if (!buffer.timer) this.#flush(room, buffer);
  }

  /** Sends the latest state of a view to everyone who looks at it. */
  view<N extends ViewName>(channel: N, key: string, rev: Revision, state: ViewState<N>): void {
    if (this.viewers(channel, key) === 0) return;
    const frame: ViewFrame = { channel, key, rev, state: shape(channels[channel].state, state) };
    this.#metrics.deliveries.inc({ channel });
    this.#send(roomOf(channel, key), 'view', frame);
  }

  /** Sends what changed of a view that is a record: from the revision everyone who looks has, to the next. */
  patch<N extends PatchedName>(
    channel: N,
    key: string,
    [from, rev]: readonly [Revision, Revision],
    { set, gone }: { readonly set: ViewState<N>; readonly gone: readonly string[] },
  ): void {
    if (this.viewers(channel, key) === 0) return;
    const frame: PatchFrame = { channel, key, from, rev, set: channels[channel].state.parse(set), gone: [...gone] };
    this.#metrics.deliveries.inc({ channel });
    this.#send(roomOf(channel, key), 'patch', frame);
  }

  /** Tells one socket that a subscription has ended. */
  closed(socketId: string, frame: ClosedFrame): void {
    this.#io.local.to(socketId).emit('closed', frame);
  }

  /** Everybody who looks at it subscribes anew: what it says has changed in another way than by an event. */
  resync(channel: ChannelName, key: string): void {
    const frame: ResyncFrame = { channel, key };
    this.#io.local.to(roomOf(channel, key)).emit('resync', frame);
  }

  /** Tells every socket of this hub to connect anew, each at a moment of its own within that time. */
  move(frame: MoveFrame): void {
    this.#io.local.emit('move', frame);
  }

  /** What a view showed is over: everybody who looks is told, and looks no more. */
  end(channel: ViewName, key: string): void {
    const room = roomOf(channel, key);
    const frame: ClosedFrame = { channel, key };
    this.#io.local.to(room).emit('closed', frame);
    this.#io.local.in(room).socketsLeave(room);
  }

  /** Cuts every socket of a sign-in session. */
  disconnectSession(sid: string): void {
    this.#io.local.in(sessionRoom(sid)).disconnectSockets(true);
  }

  /** An answer was written to this socket: who asks and does not read must not grow without bound either. */
  answered(socketId: string): void {
    const line = this.#lines.get(socketId);
    if (line) this.#slow.check(line);
  }

  stop(): void {
    this.#slow.stop();
    for (const buffer of this.#buffers.values()) if (buffer.timer) clearTimeout(buffer.timer);
    this.#buffers.clear();
  }

  /** To every socket of this hub in the room: encoded once, written to each as it is. */
  #send(room: string, event: 'batch' | 'view' | 'patch', data: BatchFrame | ViewFrame | PatchFrame): void {
    const ids = this.#io.sockets.adapter.rooms.get(room);
    if (!ids) return;
    const frame = frameOf(event, data);
    for (const id of ids) {
      const line = this.#lines.get(id);
      if (line && !line.send(frame)) this.#slow.check(line);
    }
  }

  #flush(room: string, buffer: Buffer): void {
    const first = buffer.events[0];
    const last = buffer.events.at(-1);
    if (!first || !last) {
      this.#buffers.delete(room);
      return;
    }
    const { channel, key, epoch } = buffer;
    const schema = channels[channel].event;
    const frame: BatchFrame = {
      channel,
      key,
      epoch,
      from: first.seq,
      to: last.seq,
      events: buffer.events.map((event) => shape(schema, event)),
    };
    buffer.events = [];
    this.#metrics.deliveries.inc({ channel });
    this.#send(room, 'batch', frame);
    if (buffer.timer) clearTimeout(buffer.timer);
    buffer.timer = setTimeout(() => {
      buffer.timer = null;
      this.#flush(room, buffer);
    }, coalesceMs);
  }
}

/** The allow-list: the schema drops every field that is not in the contract. */
function shape(schema: z.ZodType, value: unknown): unknown {
  return schema.parse(value);
}
