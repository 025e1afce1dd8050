/** An RTP packet as it arrived. */
export interface RtpPacket {
  /** 16 bits, wraps. */
  readonly seq: number;
  /** 32 bits, wraps; 48 kHz for Opus. */
  readonly timestamp: number;
  readonly payload: Buffer;
  /** When it arrived: wall time, ms. */
  readonly at: number;
}
/** The same with counters that never wrap. */
export interface OrderedPacket extends RtpPacket {
  readonly longSeq: number;
  readonly longTimestamp: number;
}

/** A gap in the numbers is waited for this long, ms, or until so many packets came after it. */
const patienceMs = 100;
const mostHeld = 16;
const startsWith = 4;

/** The long counter nearest to the last one that ends in these bits. */
function unwrap(value: number, last: number | null, bits: number): number {
  if (last === null) return value;
  const range = 2 ** bits;
  const ahead = (((value - last) % range) + range) % range;
  return last + (ahead < range / 2 ? ahead : ahead - range);
}

/** Puts the packets of one source back into order; what comes twice or too late is dropped. */
export class Reorder {
  readonly #held = new Map<number, OrderedPacket>();
  #next: number | null = null;
  #lastSeq: number | null = null;
  #lastTimestamp: number | null = null;
  dropped = 0;

  /** What can be passed on now, in order. */
  push(packet: RtpPacket): OrderedPacket[] {
    const longSeq = unwrap(packet.seq, this.#lastSeq, 16);
    const longTimestamp = unwrap(packet.timestamp, this.#lastTimestamp, 32);
    this.#lastSeq = Math.max(longSeq, this.#lastSeq ?? longSeq);
    this.#lastTimestamp = Math.max(longTimestamp, this.#lastTimestamp ?? longTimestamp);
    if (longSeq < (this.#next ?? -Infinity) || this.#held.has(longSeq)) {
      this.dropped += 1;
      return [];
    }
    this.#held.set(longSeq, { ...packet, longSeq, longTimestamp });
    return this.#release(packet.at);
  }

  /** Whatever has been waited for long enough. @param now wall time, ms. */
  tick(now: number): OrderedPacket[] {
    return this.#release(now);
  }

  /** Everything, the source is over. */
  flush(): OrderedPacket[] {
    return this.#release(Infinity);
  }

  #release(now: number): OrderedPacket[] {
    const out: OrderedPacket[] = [];
    // The very first may have been overtaken: who is first is known a little later.
    if (this.#next === null && (this.#held.size >= startsWith || this.#waited(now) >= patienceMs)) {
      this.#next = Math.min(...this.#held.keys());
    }
    while (this.#held.size > 0 && this.#next !== null) {
      const found = this.#held.get(this.#next);
      if (found) {
        out.push(found);
        this.#held.delete(this.#next);
        this.#next += 1;
        continue;
      }
      if (this.#waited(now) < patienceMs && this.#held.size < mostHeld) break;
      this.#next = Math.min(...this.#held.keys());
    }
    return out;
  }

  /** How long the oldest of the held has been here, ms. */
  #waited(now: number): number {
    const oldest = Math.min(...[...this.#held.values()].map((one) => one.at));
    return this.#held.size === 0 ? 0 : now - oldest;
  }
}
