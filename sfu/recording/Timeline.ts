import { isSilent, packetSamples, samplesPerMs } from './opus.ts';
import type { OrderedPacket } from './Reorder.ts';

/** File time may differ from wall time by so much before it is set right, samples. */
const tolerance = 200 * samplesPerMs;
/** A difference must have lasted this long, ms of arrival, over this many packets: one late packet is only jitter. */
const sustainedMs = 600;
const sustainedPackets = 10;

/** What to do with a packet: where it belongs in the file, or that it is left out. */
export type Placed = { readonly position: number } | null;

/**
 * Maps one source's RTP time to file time, which is wall time since the recording began. RTP alone will not do: capture
 * may stall while RTP goes on without a gap, and the sender's clock is not ours. Late against the wall for a sustained
 * while: moved forward, a hole remains. Ahead of the wall: silence is left out until they agree. Sound is never moved back.
 */
export class Timeline {
  readonly #startedAt: number;
  /** File position − RTP time. */
  #offset: number | null = null;
  /** End of the last packet, RTP time. */
  #end = 0;
  /** Recent differences wall − file, samples, with their arrival. */
  #window: { readonly at: number; readonly lag: number }[] = [];

  /** @param startedAt wall time of file position 0, ms. */
  constructor(startedAt: number) {
    this.#startedAt = startedAt;
  }

  /** @param written how far the file is, samples: nothing is placed before. */
  place(packet: OrderedPacket, written: number): Placed {
    const samples = packetSamples(packet.payload);
    if (samples === 0) return null;
    const wall = Math.round((packet.at - this.#startedAt) * samplesPerMs);
    const time = packet.longTimestamp;
    // The end of the packet is what has been heard by its arrival.
    this.#offset ??= Math.max(wall - samples, written) - time;
    const lag = wall - samples - (time + this.#offset);
    this.#note(packet.at, lag);
    const least = this.#sustained((lags) => Math.min(...lags));
    if (least !== null && least > tolerance) this.#shift(least);
    const most = this.#sustained((lags) => Math.max(...lags));
    if (most !== null && most < 0) {
      // A pause in RTP time, or a frame of silence, can be shortened without anybody hearing it.
      const pause = Math.max(0, time - this.#end);
      const spare = pause + (isSilent(packet.payload) ? samples : 0);
      if (-most >= tolerance && spare > 0) {
        this.#shift(-Math.min(spare, -most));
        if (isSilent(packet.payload) && spare >= samples && pause < -most) {
          this.#end = time + samples;
          return null;
        }
      }
    }
    // The clock has passed it by (capture stalled, or the network did): better late than lost.
    const behind = written - (time + this.#offset);
    if (behind >= samples) this.#shift(behind);
    this.#end = time + samples;
    return { position: time + this.#offset };
  }

  #note(at: number, lag: number): void {
    this.#window.push({ at, lag });
    // Old ones leave, but a slow trickle of packets keeps its last few.
    while (this.#window.length > sustainedPackets && (this.#window[0]?.at ?? at) < at - sustainedMs)
      this.#window.shift();
  }

  /** The extreme of the differences when they cover a sustained while, else null. */
  #sustained(of: (lags: number[]) => number): number | null {
    const [first] = this.#window;
    const last = this.#window.at(-1);
    if (!first || !last || this.#window.length < sustainedPackets || last.at - first.at < sustainedMs / 2) return null;
    return of(this.#window.map((one) => one.lag));
  }

  #shift(samples: number): void {
    this.#offset = (this.#offset ?? 0) + samples;
    this.#window = this.#window.map(({ at, lag }) => ({ at, lag: lag - samples }));
  }
}
