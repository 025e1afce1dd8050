import { isChannelName } from '../../shared/contract/index.ts';
import type { ResyncFrame } from '../../shared/contract/wire.ts';
import type { Line } from './Line.ts';

export interface SlowReaderLimits {
  /** Past this many waiting bytes a socket gets no more live frames until it has caught up. */
  readonly softBytes: number;
  /** Past this many it is cut; it comes back and starts over. */
  readonly hardBytes: number;
  /** Below this many it has caught up. */
  readonly calmBytes: number;
  /** How often those that are behind are looked at, ms; everybody is looked at every fourth time. */
  readonly everyMs: number;
}

/** With the answers that may still be added between the two, what waits for one socket stays below 1 MiB. */
export const slowReaderLimits: SlowReaderLimits = {
  softBytes: 256 * 1024,
  hardBytes: 768 * 1024,
  calmBytes: 32 * 1024,
  everyMs: 250,
};

export interface SlowReadersDeps {
  readonly lines: ReadonlyMap<string, Line>;
  /** Tells a socket that has caught up to take one channel up again. */
  readonly resync: (line: Line, frame: ResyncFrame) => void;
  readonly onOutcome: (outcome: 'behind' | 'caught-up' | 'cut') => void;
  readonly limits: SlowReaderLimits;
}

/**
 * Bounds what waits for readers that do not keep up. Past the soft limit a socket leaves its channels' rooms: it costs
 * nothing more, and nothing is sent to it out of order. When it has read what waits it is told to resync, and subscribes anew
 * from where it stands, through the same authorization as ever. Past the hard limit it is cut.
 */
export class SlowReaders {
  readonly #deps: SlowReadersDeps;
  readonly #behind = new Map<Line, Set<string>>();
  readonly #timer: NodeJS.Timeout;
  #round = 0;

  constructor(deps: SlowReadersDeps) {
    this.#deps = deps;
    this.#timer = setInterval(() => this.#sweep(), deps.limits.everyMs);
    this.#timer.unref();
  }

  /** Looks at one socket now: after a write that had to wait, after an answer. */
  check(line: Line): void {
    const { limits, onOutcome } = this.#deps;
    const { waiting } = line;
    if (waiting <= limits.softBytes) return;
    if (waiting > limits.hardBytes) {
      this.#behind.delete(line);
      line.cut();
      onOutcome('cut');
      return;
    }
    let rooms = this.#behind.get(line);
    if (!rooms) {
      rooms = new Set();
      this.#behind.set(line, rooms);
      onOutcome('behind');
    }
    for (const room of line.socket.rooms) {
      if (!isChannelName(room.slice(0, room.indexOf(':')))) continue;
      rooms.add(room);
      void line.socket.leave(room);
    }
  }

  /** The socket is gone. */
  forget(line: Line): void {
    this.#behind.delete(line);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #sweep(): void {
    if (++this.#round % 4 === 0) for (const line of this.#deps.lines.values()) this.check(line);
    for (const [line, rooms] of this.#behind) {
      // Again: answers may have been added, or it subscribed anew without having caught up.
      this.check(line);
      if (!this.#behind.has(line) || line.waiting > this.#deps.limits.calmBytes) continue;
      this.#behind.delete(line);
      this.#deps.onOutcome('caught-up');
      for (const room of rooms) {
        const at = room.indexOf(':');
        this.#deps.resync(line, { channel: room.slice(0, at), key: room.slice(at + 1) });
      }
    }
  }
}
