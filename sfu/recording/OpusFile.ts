import { packetSamples, samplesPerMs, silence, silenceSamples } from './opus.ts';
import { OggPages, preSkip } from './oggPages.ts';
import { Reorder, type OrderedPacket, type RtpPacket } from './Reorder.ts';
import { Timeline } from './Timeline.ts';

/** A page is closed once it holds half a second: with what is on its way to the disk, less than a second is lost when the process is killed. */
const pageSamples = 500 * samplesPerMs;
/** While nothing arrives the file follows the wall clock at this distance, ms: what is still on its way finds its place. */
const trailMs = 500;

export interface OpusFileStats {
  readonly packets: number;
  /** Came twice, too late, or were not Opus. */
  readonly dropped: number;
  readonly seconds: number;
}

/**
 * One participant's sound as an Ogg/Opus file whose time is wall time. Pure: packets and the clock go in, pages come out
 * through `emit`, each readable as soon as it is there. Holes (loss, mute, a pause in speaking) are filled with frames of
 * silence, because players skip gaps in the page times. A new producer of the same participant continues the file.
 */
export class OpusFile {
  readonly #startedAt: number;
  readonly #emit: (page: Buffer) => void;
  readonly #pages: OggPages;
  #reorder = new Reorder();
  #timeline: Timeline;
  /** End of what is written, samples. */
  #written = 0;
  /** The same at the start of the open page. */
  #pageFrom = 0;
  #packets = 0;
  #dropped = 0;
  #closed = false;

  /** @param startedAt wall time at which the file begins, ms. @param serial any 32 bits. */
  constructor(startedAt: number, serial: number, emit: (page: Buffer) => void) {
    this.#startedAt = startedAt;
    this.#emit = emit;
    this.#pages = new OggPages(serial);
    this.#timeline = new Timeline(startedAt);
    emit(this.#pages.headers());
  }

  get stats(): OpusFileStats {
    return {
      packets: this.#packets,
      dropped: this.#dropped + this.#reorder.dropped,
      seconds: this.#written / samplesPerMs / 1000,
    };
  }

  push(packet: RtpPacket): void {
    if (this.#closed) return;
    for (const one of this.#reorder.push(packet)) this.#place(one);
  }

  /** The participant sends through another producer from now on: other numbers, another clock. */
  newSource(): void {
    for (const one of this.#reorder.flush()) this.#place(one);
    this.#dropped += this.#reorder.dropped;
    this.#reorder = new Reorder();
    this.#timeline = new Timeline(this.#startedAt);
  }

  /** Follows the clock while nothing arrives; call every few hundred ms. @param now wall time, ms. */
  tick(now: number): void {
    if (this.#closed) return;
    for (const one of this.#reorder.tick(now)) this.#place(one);
    this.#silenceUntil((now - trailMs - this.#startedAt) * samplesPerMs);
  }

  /** Ends the file at this wall time, ms. */
  close(now: number): void {
    if (this.#closed) return;
    for (const one of this.#reorder.flush()) this.#place(one);
    this.#silenceUntil((now - this.#startedAt) * samplesPerMs);
    this.#closed = true;
    const page = this.#pages.page(this.#written + preSkip, true);
    if (page) this.#emit(page);
  }

  #place(packet: OrderedPacket): void {
    const samples = packetSamples(packet.payload);
    const placed = this.#timeline.place(packet, this.#written);
    // All of it lies before what is written: the clock has passed it by.
    if (!placed || placed.position + samples <= this.#written) {
      this.#dropped += 1;
      return;
    }
    this.#silenceUntil(placed.position);
    this.#write(packet.payload, samples);
    this.#packets += 1;
  }

  #silenceUntil(position: number): void {
    while (this.#written + silenceSamples <= position) this.#write(silence, silenceSamples);
  }

  #write(payload: Buffer, samples: number): void {
    if (!this.#pages.fits(payload.length)) this.#closePage();
    this.#pages.add(payload);
    this.#written += samples;
    if (this.#written - this.#pageFrom >= pageSamples) this.#closePage();
  }

  #closePage(): void {
    const page = this.#pages.page(this.#written + preSkip);
    this.#pageFrom = this.#written;
    if (page) this.#emit(page);
  }
}
