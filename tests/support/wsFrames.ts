/** One WebSocket frame as it stood on the wire, unmasked (RFC 6455, 5.2). */
export interface Frame {
  readonly fin: boolean;
  readonly opcode: number;
  readonly payload: Buffer;
}

/** Cuts a byte stream into WebSocket frames; knows nothing of Socket.IO. */
export class FrameReader {
  readonly frames: Frame[] = [];
  #rest = Buffer.alloc(0);

  push(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    for (let frame = this.#take(); frame; frame = this.#take()) this.frames.push(frame);
  }

  /** Everything said in text frames, one line each. */
  texts(): string[] {
    return this.frames.filter((frame) => frame.opcode <= 1).map((frame) => frame.payload.toString('utf8'));
  }

  #take(): Frame | null {
    const bytes = this.#rest;
    const [first, second] = bytes;
    if (first === undefined || second === undefined) return null;
    const masked = (second & 0x80) !== 0;
    let length = second & 0x7f;
    let at = 2;
    if (length === 126) {
      if (bytes.length < 4) return null;
      length = bytes.readUInt16BE(2);
      at = 4;
    } else if (length === 127) {
      if (bytes.length < 10) return null;
      length = Number(bytes.readBigUInt64BE(2));
      at = 10;
    }
    const start = at + (masked ? 4 : 0);
    if (bytes.length < start + length) return null;
    const payload = Buffer.from(bytes.subarray(start, start + length));
    if (masked) for (let i = 0; i < length; i++) payload[i] = (payload[i] ?? 0) ^ (bytes[at + (i % 4)] ?? 0);
    this.#rest = bytes.subarray(start + length);
    return { fin: (first & 0x80) !== 0, opcode: first & 0x0f, payload };
  }
}
