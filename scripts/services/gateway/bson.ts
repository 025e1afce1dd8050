import { CommandError, Code } from './errors.ts';

/**
 * A thin reader over raw BSON (bsonspec.org, version 1.1). The gateway never turns documents into JavaScript values on the hot
 * path: it looks at the top level, cuts elements out, and passes the bytes on, so no number, date or regex changes its type.
 */

/** One element of a document: `start` is its type byte, `value` its first value byte, `end` the byte after it. */
export interface Element {
  type: number;
  name: string;
  start: number;
  value: number;
  end: number;
}

export const Type = { double: 1, string: 2, document: 3, array: 4, bool: 8, null: 10, int32: 16, int64: 18 } as const;

/** MongoDB accepts 180 levels from a client (its `BSONDepth::kDefaultMaxAllowableDepth`). */
const maxDepth = 180;

const fixedSize: Record<number, number> = {
  1: 8, // double
  6: 0, // undefined
  7: 12, // ObjectId
  8: 1, // bool
  9: 8, // date
  10: 0, // null
  16: 4, // int32
  17: 8, // timestamp
  18: 8, // int64
  19: 16, // decimal128
  127: 0, // max key
  255: 0, // min key
};

function invalid(message: string): CommandError {
  return new CommandError(Code.InvalidBSON, `invalid BSON: ${message}`);
}

/** Checks the frame of a document at `at` that must end at or before `limit`; returns its length in bytes. */
export function documentLength(bytes: Buffer, at: number, limit: number): number {
  if (at + 5 > limit) throw invalid('document shorter than its header');
  const length = bytes.readInt32LE(at);
  if (length < 5 || at + length > limit) throw invalid('document length out of bounds');
  if (bytes[at + length - 1] !== 0) throw invalid('document not terminated');
  return length;
}

function cstringEnd(bytes: Buffer, at: number, limit: number): number {
  const end = bytes.indexOf(0, at);
  if (end < 0 || end >= limit) throw invalid('unterminated name');
  return end;
}

function lengthPrefixed(bytes: Buffer, at: number, limit: number, minimum: number): number {
  if (at + 4 > limit) throw invalid('truncated length');
  const length = bytes.readInt32LE(at);
  if (length < minimum || length > limit - at - 4) throw invalid('length out of bounds');
  return length;
}

function stringEnd(bytes: Buffer, at: number, limit: number): number {
  const end = at + 4 + lengthPrefixed(bytes, at, limit, 1);
  if (bytes[end - 1] !== 0) throw invalid('string not terminated');
  return end;
}

/** Where a value of this type, starting at `at`, ends. */
function valueEnd(bytes: Buffer, type: number, at: number, limit: number): number {
  const size = fixedSize[type];
  if (size !== undefined) {
    if (at + size > limit) throw invalid('truncated value');
    return at + size;
  }
  switch (type) {
    case 2: // string
    case 13: // code
    case 14: // symbol
      return stringEnd(bytes, at, limit);
    case 3: // document
    case 4: // array
      return at + documentLength(bytes, at, limit);
    case 5: {
      const end = at + 5 + lengthPrefixed(bytes, at, limit, 0);
      if (end > limit) throw invalid('binary out of bounds');
      return end;
    }
    case 11: // regex: two C strings
      return cstringEnd(bytes, cstringEnd(bytes, at, limit) + 1, limit) + 1;
    case 12: {
      const end = stringEnd(bytes, at, limit) + 12;
      if (end > limit) throw invalid('pointer out of bounds');
      return end;
    }
    case 15: {
      if (at + 4 > limit) throw invalid('truncated code');
      const end = at + bytes.readInt32LE(at);
      if (end < at + 14 || end > limit) throw invalid('code out of bounds');
      const scope = stringEnd(bytes, at + 4, end);
      if (scope + documentLength(bytes, scope, end) !== end) throw invalid('code scope out of bounds');
      return end;
    }
    default:
      throw invalid(`unknown type ${type}`);
  }
}

/** The elements of the document that begins at `at`, without descending. */
export function elements(bytes: Buffer, at = 0): Element[] {
  const limit = at + documentLength(bytes, at, bytes.length) - 1;
  const found: Element[] = [];
  let position = at + 4;
  while (position < limit) {
    const type = bytes.readUInt8(position);
    const nameEnd = cstringEnd(bytes, position + 1, limit);
    const value = nameEnd + 1;
    const end = valueEnd(bytes, type, value, limit);
    found.push({ type, name: bytes.toString('utf8', position + 1, nameEnd), start: position, value, end });
    position = end;
  }
  return found;
}

/**
 * Walks a whole document and throws on anything out of bounds, of unknown type, or nested deeper than MongoDB allows: the engine
 * behind is C code and must never be handed a broken document.
 */
export function validate(bytes: Buffer, at: number, limit: number, depth = 0): void {
  if (depth > maxDepth) throw new CommandError(Code.Overflow, `document nested deeper than ${maxDepth} levels`);
  const end = at + documentLength(bytes, at, limit) - 1;
  let position = at + 4;
  while (position < end) {
    const type = bytes.readUInt8(position);
    const value = cstringEnd(bytes, position + 1, end) + 1;
    const next = valueEnd(bytes, type, value, end);
    if (type === 3 || type === 4) validate(bytes, value, next, depth + 1);
    else if (type === 15) validate(bytes, value + 8 + bytes.readInt32LE(value + 4), next, depth + 1);
    position = next;
  }
}

/** The documents of a sequence section, one slice each. */
export function splitSequence(sequence: Buffer): Buffer[] {
  const documents: Buffer[] = [];
  for (let at = 0; at < sequence.length;) {
    const length = documentLength(sequence, at, sequence.length);
    documents.push(sequence.subarray(at, at + length));
    at += length;
  }
  return documents;
}

/** A document made of these raw elements, in this order. */
export function assemble(parts: readonly Buffer[]): Buffer {
  const size = parts.reduce((sum, part) => sum + part.length, 5);
  const whole = Buffer.allocUnsafe(size);
  whole.writeInt32LE(size, 0);
  let at = 4;
  for (const part of parts) at += part.copy(whole, at);
  whole[at] = 0;
  return whole;
}

export function asString(bytes: Buffer, element: Element | undefined): string | undefined {
  if (element?.type !== Type.string) return undefined;
  return bytes.toString('utf8', element.value + 4, element.end - 1);
}

/** A number of any BSON integer or double type as a bigint; undefined when it is no whole number. */
export function asInteger(bytes: Buffer, element: Element | undefined): bigint | undefined {
  if (element === undefined) return undefined;
  if (element.type === Type.int64) return bytes.readBigInt64LE(element.value);
  if (element.type === Type.int32) return BigInt(bytes.readInt32LE(element.value));
  if (element.type !== Type.double) return undefined;
  const value = bytes.readDoubleLE(element.value);
  return Number.isSafeInteger(value) ? BigInt(value) : undefined;
}
