const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc >>> 0;
});

/** Ogg's own CRC: polynomial 0x04c11db7, not reflected, from zero (RFC 3533 §6). */
export function oggCrc(bytes: Buffer): number {
  let crc = 0;
  for (const byte of bytes) crc = ((crc << 8) ^ (crcTable[((crc >>> 24) ^ byte) & 0xff] ?? 0)) >>> 0;
  return crc;
}

/** Samples a decoder drops at the start (RFC 7845 §4.2): the encoder's look-ahead at 48 kHz. */
export const preSkip = 312;
/** A page's table of packet lengths has at most so many entries. */
const mostSegments = 255;

/** Builds the pages of one Ogg/Opus stream (RFC 3533, RFC 7845): two header pages, then audio. */
export class OggPages {
  readonly #serial: number;
  #sequence = 0;
  #segments: number[] = [];
  #packets: Buffer[] = [];

  /** @param serial of the stream, any 32 bits. */
  constructor(serial: number) {
    this.#serial = serial >>> 0;
  }

  /** The two pages before any audio. */
  headers(): Buffer {
    const head = Buffer.alloc(19);
    head.write('OpusHead', 0);
    head[8] = 1; // version
    head[9] = 1; // one channel: one speaker
    head.writeUInt16LE(preSkip, 10);
    head.writeUInt32LE(48_000, 12);
    const vendor = Buffer.from('nadi');
    const tags = Buffer.alloc(8 + 4 + vendor.length + 4);
    tags.write('OpusTags', 0);
    tags.writeUInt32LE(vendor.length, 8);
    vendor.copy(tags, 12);
    return Buffer.concat([this.#single(head, 0x02), this.#single(tags, 0)]);
  }

  /** Whether another packet of this size still fits on the open page. */
  fits(bytes: number): boolean {
    return this.#segments.length + Math.floor(bytes / 255) + 1 <= mostSegments;
  }

  add(packet: Buffer): void {
    for (let left = packet.length; ; left -= 255) {
      this.#segments.push(Math.min(left, 255));
      if (left < 255) break;
    }
    this.#packets.push(packet);
  }

  /** Closes the open page. @param end position after its last packet, samples. Null when nothing is on it. */
  page(end: number, last = false): Buffer | null {
    if (this.#packets.length === 0 && !last) return null;
    const page = this.#build(this.#segments, Buffer.concat(this.#packets), end, last ? 0x04 : 0);
    this.#segments = [];
    this.#packets = [];
    return page;
  }

  #single(packet: Buffer, flags: number): Buffer {
    return this.#build([packet.length], packet, 0, flags);
  }

  #build(segments: readonly number[], body: Buffer, granule: number, flags: number): Buffer {
    const page = Buffer.alloc(27 + segments.length + body.length);
    page.write('OggS', 0);
    page[5] = flags;
    page.writeBigInt64LE(BigInt(granule), 6);
    page.writeUInt32LE(this.#serial, 14);
    page.writeUInt32LE(this.#sequence++, 18);
    page[26] = segments.length;
    Buffer.from(segments).copy(page, 27);
    body.copy(page, 27 + segments.length);
    page.writeUInt32LE(oggCrc(page), 22);
    return page;
  }
}
