import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** STUN (RFC 8489) and the part of TURN (RFC 8656) that a look at a server needs. */
export const method = { binding: 0x001, allocate: 0x003, refresh: 0x004 } as const;
export const attribute = {
  mappedAddress: 0x0001,
  username: 0x0006,
  messageIntegrity: 0x0008,
  errorCode: 0x0009,
  lifetime: 0x000d,
  realm: 0x0014,
  nonce: 0x0015,
  xorRelayedAddress: 0x0016,
  requestedTransport: 0x0019,
  xorMappedAddress: 0x0020,
  priority: 0x0024,
  fingerprint: 0x8028,
  iceControlling: 0x802a,
} as const;

const cookie = 0x2112a442;
const headerBytes = 20;
const fingerprintXor = 0x5354554e;

export interface Message {
  readonly method: number;
  readonly kind: 'request' | 'indication' | 'success' | 'error';
  readonly transaction: Buffer;
  readonly attributes: ReadonlyMap<number, Buffer>;
  /** As it came, for its integrity. */
  readonly raw: Buffer;
}

export interface Request {
  readonly method: number;
  readonly attributes: readonly (readonly [number, Buffer])[];
  /** For MESSAGE-INTEGRITY; none: the message carries none. */
  readonly key?: Buffer;
}

/** A request with its integrity and fingerprint, in the order the standard wants. */
export function encodeRequest({ method: name, attributes, key }: Request, transaction = randomBytes(12)): Buffer {
  let body = Buffer.concat(attributes.map(([type, value]) => encodeAttribute(type, value)));
  const head = (bytes: number): Buffer => {
    const header = Buffer.alloc(headerBytes);
    // The two class bits of a request are zero, so that small method numbers stand as they are (RFC 8489, 5).
    header.writeUInt16BE(name, 0);
    header.writeUInt16BE(bytes, 2);
    header.writeUInt32BE(cookie, 4);
    transaction.copy(header, 8);
    return header;
  };
  if (key) {
    // Both are computed over a header that counts them already.
    const integrity = createHmac('sha1', key)
      .update(head(body.length + 24))
      .update(body)
      .digest();
    body = Buffer.concat([body, encodeAttribute(attribute.messageIntegrity, integrity)]);
  }
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE((crc32(Buffer.concat([head(body.length + 8), body])) ^ fingerprintXor) >>> 0);
  body = Buffer.concat([body, encodeAttribute(attribute.fingerprint, sum)]);
  return Buffer.concat([head(body.length), body]);
}

function encodeAttribute(type: number, value: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16BE(type, 0);
  head.writeUInt16BE(value.length, 2);
  return Buffer.concat([head, value, Buffer.alloc((4 - (value.length % 4)) % 4)]);
}

/** How long the message at the beginning of a stream is; null while its header is not there. */
export function messageLength(bytes: Buffer): number | null {
  return bytes.length < headerBytes ? null : headerBytes + bytes.readUInt16BE(2);
}

const kinds = ['request', 'indication', 'success', 'error'] as const;

/** Null for anything that is no whole STUN message. The first of two equal attributes counts. */
export function decode(raw: Buffer): Message | null {
  if (raw.length < headerBytes || raw.readUInt32BE(4) !== cookie || messageLength(raw) !== raw.length) return null;
  const type = raw.readUInt16BE(0);
  const kind = kinds[((type >> 4) & 1) | ((type >> 7) & 2)];
  if (type > 0x3fff || kind === undefined) return null;
  const attributes = new Map<number, Buffer>();
  let at = headerBytes;
  while (at + 4 <= raw.length) {
    const [name, length] = [raw.readUInt16BE(at), raw.readUInt16BE(at + 2)];
    if (at + 4 + length > raw.length) return null;
    if (!attributes.has(name)) attributes.set(name, raw.subarray(at + 4, at + 4 + length));
    at += 4 + length + ((4 - (length % 4)) % 4);
  }
  const number = (type & 0xf) | ((type >> 1) & 0x70) | ((type >> 2) & 0xf80);
  return { method: number, kind, transaction: raw.subarray(8, 20), attributes, raw };
}

/** Whether a message was made by somebody who holds the key. */
export function integrityHolds({ raw, attributes }: Message, key: Buffer): boolean {
  const given = attributes.get(attribute.messageIntegrity);
  if (given?.length !== 20) return false;
  const before = Buffer.from(raw.subarray(0, given.byteOffset - raw.byteOffset - 4));
  before.writeUInt16BE(before.length + 24 - headerBytes, 2);
  return timingSafeEqual(createHmac('sha1', key).update(before).digest(), given);
}

/** `address:port` of an XOR-…-ADDRESS. */
export function readXorAddress(value: Buffer | undefined, transaction: Buffer): { ip: string; port: number } | null {
  if (value === undefined || value.length < 8) return null;
  const port = value.readUInt16BE(2) ^ (cookie >>> 16);
  const mask = Buffer.alloc(16);
  mask.writeUInt32BE(cookie, 0);
  transaction.copy(mask, 4);
  const bytes = value.subarray(4).map((byte, i) => byte ^ (mask[i] ?? 0));
  if (value[1] === 1 && bytes.length === 4) return { ip: [...bytes].join('.'), port };
  if (value[1] !== 2 || bytes.length !== 16) return null;
  const words = Array.from({ length: 8 }, (_, i) =>
    (((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0)).toString(16),
  );
  return { ip: words.join(':'), port };
}

/** Code and words of an ERROR-CODE. */
export function readError({ attributes }: Message): { code: number; reason: string } | null {
  const value = attributes.get(attribute.errorCode);
  if (value === undefined || value.length < 4) return null;
  return {
    code: ((value[2] ?? 0) & 7) * 100 + (value[3] ?? 0),
    reason: value.subarray(4).toString('utf8').slice(0, 80),
  };
}

/** The key of a long-term credential (RFC 8489, 9.2.2). */
export function longTermKey(username: string, realm: string, password: string): Buffer {
  return createHash('md5').update(`${username}:${realm}:${password}`).digest();
}
