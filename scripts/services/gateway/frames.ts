import { validate } from './bson.ts';
import { ByteQueue } from './ByteQueue.ts';
import { crc32c } from './crc32c.ts';

/** MongoDB's wire protocol (mongodb.com/docs/manual/reference/mongodb-wire-protocol), the part that drivers of today speak. */
export const OpCode = { reply: 1, query: 2004, message: 2013 } as const;

/** `maxMessageSizeBytes` of MongoDB. */
export const maxMessageBytes = 48_000_000;

const headerBytes = 16;
const Flag = { checksumPresent: 1, moreToCome: 2 } as const;
/** Unknown bits among the lower sixteen must be refused; the upper sixteen are optional. */
const knownFlags = Flag.checksumPresent | Flag.moreToCome;

/** The peer does not speak the protocol: the connection is closed, nothing is answered. */
export class FrameError extends Error {}

export interface Frame {
  requestId: number;
  opCode: number;
  /** The whole message, header included. */
  bytes: Buffer;
}

export interface Command {
  requestId: number;
  /** The command document. */
  body: Buffer;
  /** Document sequences by name: concatenated documents. */
  sequences: Map<string, Buffer>;
  /** The client wants no reply (`w: 0`). */
  silent: boolean;
  /** Came as OP_QUERY: the answer goes out as OP_REPLY. */
  legacy: boolean;
}

/** Cuts a byte stream into frames. Holds at most one incomplete message, never more than `maxMessageBytes`. */
export class FrameReader {
  readonly #queue = new ByteQueue();

  push(chunk: Buffer): void {
    this.#queue.push(chunk);
  }

  /** The next whole frame, or undefined until more bytes come. Throws a FrameError as soon as a header cannot be one. */
  next(): Frame | undefined {
    const header = this.#queue.peek(headerBytes);
    if (header === undefined) return undefined;
    const length = header.readInt32LE(0);
    if (length <= headerBytes || length > maxMessageBytes) throw new FrameError(`message of ${length} bytes`);
    const bytes = this.#queue.take(length);
    return bytes && { requestId: bytes.readInt32LE(4), opCode: bytes.readInt32LE(12), bytes };
  }
}

/** Parses an OP_MSG. Throws a FrameError for a broken frame and a CommandError for broken BSON inside a sound one. */
export function parseMessage({ requestId, bytes }: Frame): Command {
  if (bytes.length < headerBytes + 4 + 1 + 5) throw new FrameError('OP_MSG too short');
  const flags = bytes.readUInt32LE(headerBytes);
  if ((flags & 0xffff & ~knownFlags) !== 0) throw new FrameError('unknown required flag');
  let limit = bytes.length;
  if (flags & Flag.checksumPresent) {
    limit -= 4;
    if (bytes.readUInt32LE(limit) !== crc32c(bytes.subarray(0, limit))) throw new FrameError('checksum mismatch');
  }
  let body: Buffer | undefined;
  const sequences = new Map<string, Buffer>();
  for (let at = headerBytes + 4; at < limit;) {
    const kind = bytes.readUInt8(at++);
    if (at + 5 > limit) throw new FrameError('truncated section');
    const size = bytes.readInt32LE(at);
    if (size < 5 || at + size > limit) throw new FrameError('section out of bounds');
    const end = at + size;
    if (kind === 0) {
      if (body !== undefined) throw new FrameError('two bodies');
      body = bytes.subarray(at, end);
    } else if (kind === 1) {
      const nameEnd = bytes.indexOf(0, at + 4);
      if (nameEnd < 0 || nameEnd >= end) throw new FrameError('unterminated sequence name');
      const name = bytes.toString('utf8', at + 4, nameEnd);
      if (sequences.has(name)) throw new FrameError('repeated sequence');
      sequences.set(name, bytes.subarray(nameEnd + 1, end));
    } else throw new FrameError(`unknown section kind ${kind}`);
    at = end;
  }
  if (body === undefined) throw new FrameError('no body');
  return { requestId, body, sequences, silent: (flags & Flag.moreToCome) !== 0, legacy: false };
}

/** Parses an OP_QUERY, which drivers send only as the very first hello, to `<db>.$cmd`. */
export function parseQuery({ requestId, bytes }: Frame): Command {
  const nameEnd = bytes.indexOf(0, headerBytes + 4);
  const at = nameEnd + 1 + 8;
  if (nameEnd < 0 || at + 5 > bytes.length) throw new FrameError('OP_QUERY too short');
  if (!bytes.toString('utf8', headerBytes + 4, nameEnd).endsWith('.$cmd'))
    throw new FrameError('OP_QUERY is for commands');
  const size = bytes.readInt32LE(at);
  if (size < 5 || at + size > bytes.length) throw new FrameError('OP_QUERY document out of bounds');
  return { requestId, body: bytes.subarray(at, at + size), sequences: new Map(), silent: false, legacy: true };
}

/** Throws a CommandError unless every document of the command is sound BSON. */
export function validateCommand({ body, sequences }: Command): void {
  validate(body, 0, body.length);
  for (const sequence of sequences.values()) {
    for (let at = 0; at < sequence.length; at += sequence.readInt32LE(at)) validate(sequence, at, sequence.length);
  }
}

let lastRequestId = 0;

/** The reply to a command, as one buffer. */
export function encodeReply(command: Command, document: Buffer): Buffer {
  const prefix = command.legacy ? 36 : 21;
  const bytes = Buffer.allocUnsafe(prefix + document.length);
  lastRequestId = (lastRequestId + 1) & 0x7fffffff;
  bytes.writeInt32LE(bytes.length, 0);
  bytes.writeInt32LE(lastRequestId, 4);
  bytes.writeInt32LE(command.requestId, 8);
  bytes.writeInt32LE(command.legacy ? OpCode.reply : OpCode.message, 12);
  bytes.fill(0, 16, prefix);
  if (command.legacy) {
    bytes.writeInt32LE(8, 16); // AwaitCapable, as every server says
    bytes.writeInt32LE(1, 32); // one document
  }
  document.copy(bytes, prefix);
  return bytes;
}
