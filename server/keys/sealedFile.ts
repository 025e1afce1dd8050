import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { Transform, type TransformCallback } from 'node:stream';
import { SealError } from './MasterKeys.ts';

/**
 * A sealed file: a header, then chunks of 64 KiB, each sealed by AES-256-GCM under a key of this file alone. The chunk's
 * index and whether it is the last one are part of its nonce, so chunks can be read from anywhere, and cut, reordered or
 * exchanged ones do not open. A file whose writer died is readable up to its last whole chunk.
 */
export const chunkBytes = 64 * 1024;
export const sealedChunkBytes = chunkBytes + 16;
const magic = Buffer.from('NDS1');
const saltBytes = 16;
export const headerBytes = magic.length + saltBytes;
const algorithm = 'aes-256-gcm';
const tagBytes = 16;

/** Size of the sealed file of `plain` bytes. An empty file still has its last, empty chunk. */
export function sealedSize(plain: number): number {
  return headerBytes + plain + tagBytes * Math.max(1, Math.ceil(plain / chunkBytes));
}

/** Size of what a complete sealed file of `sealed` bytes holds. @throws SealError when no file has that size. */
export function plainSize(sealed: number): number {
  const body = sealed - headerBytes;
  const chunks = Math.ceil(body / sealedChunkBytes);
  const plain = body - chunks * tagBytes;
  if (chunks < 1 || plain < 0 || sealedSize(plain) !== sealed) throw new SealError('not the size of a sealed file');
  return plain;
}

function fileKey(key: Buffer, fileId: string, salt: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', key, salt, `nadi file ${fileId}`, 32));
}

function nonce(index: number, last: boolean): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeBigUInt64BE(BigInt(index));
  bytes[11] = last ? 1 : 0;
  return bytes;
}

/** Cuts content into chunks and seals them; what it has not answered yet it holds. */
class ChunkSealer {
  readonly header: Buffer;
  readonly #key: Buffer;
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #index = 0;

  constructor(key: Buffer, fileId: string) {
    const salt = randomBytes(saltBytes);
    this.#key = fileKey(key, fileId, salt);
    this.header = Buffer.concat([magic, salt]);
  }

  /** The sealed chunks that are whole now. */
  *add(piece: Uint8Array): Generator<Buffer, void, undefined> {
    this.#held.push(piece);
    this.#heldBytes += piece.length;
    // One more byte than a chunk must be there: only then it is known not to be the last.
    if (this.#heldBytes <= chunkBytes) return;
    let all = Buffer.concat(this.#held);
    while (all.length > chunkBytes) {
      yield this.#seal(all.subarray(0, chunkBytes), false);
      all = all.subarray(chunkBytes);
    }
    this.#held = [all];
    this.#heldBytes = all.length;
  }

  last(): Buffer {
    return this.#seal(Buffer.concat(this.#held), true);
  }

  #seal(plain: Buffer, last: boolean): Buffer {
    const cipher = createCipheriv(algorithm, this.#key, nonce(this.#index++, last));
    return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  }
}

/** Seals what flows through. */
export class SealingStream extends Transform {
  readonly #sealer: ChunkSealer;

  /** @param key of the patient. @param fileId authenticated: a file cannot take another's place. */
  constructor(key: Buffer, fileId: string) {
    super();
    this.#sealer = new ChunkSealer(key, fileId);
    this.push(this.#sealer.header);
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    for (const sealed of this.#sealer.add(chunk)) this.push(sealed);
    done();
  }

  override _flush(done: TransformCallback): void {
    this.push(this.#sealer.last());
    done();
  }
}

/** The same as a generator, for a writer that is waited for piece by piece. */
export async function* sealedPieces(
  key: Buffer,
  fileId: string,
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Buffer, void, undefined> {
  const sealer = new ChunkSealer(key, fileId);
  yield sealer.header;
  for await (const piece of source) yield* sealer.add(piece);
  yield sealer.last();
}

/** Reads bytes `from`..`to` (inclusive) of the sealed file at `offset`, `length` bytes. */
export type ReadSealed = (offset: number, length: number) => Promise<Buffer>;

/** Opens a sealed file, whole or a part of it. */
export class SealedReader {
  readonly #read: ReadSealed;
  readonly #sealedBytes: number;
  readonly #key: Buffer;
  readonly #fileId: string;
  #fileKey: Buffer | null = null;
  /** Bytes of the content. */
  readonly size: number;

  constructor(key: Buffer, fileId: string, sealedBytes: number, read: ReadSealed) {
    this.#key = key;
    this.#fileId = fileId;
    this.#sealedBytes = sealedBytes;
    this.#read = read;
    this.size = plainSize(sealedBytes);
  }

  /** Content from byte `start` to `end`, both included. @throws SealError when anything in between was changed. */
  async *range(start = 0, end = this.size - 1): AsyncGenerator<Buffer, void, undefined> {
    const lastIndex = Math.max(0, Math.ceil(this.size / chunkBytes) - 1);
    const first = Math.floor(start / chunkBytes);
    for (let index = first; index <= Math.min(Math.floor(Math.max(end, 0) / chunkBytes), lastIndex); index++) {
      const plain = await this.#chunk(index, index === lastIndex);
      const base = index * chunkBytes;
      const piece = plain.subarray(Math.max(0, start - base), Math.min(plain.length, end - base + 1));
      if (piece.length > 0) yield piece;
    }
  }

  async #chunk(index: number, last: boolean): Promise<Buffer> {
    this.#fileKey ??= await this.#openHeader();
    const offset = headerBytes + index * sealedChunkBytes;
    const sealed = await this.#read(offset, Math.min(sealedChunkBytes, this.#sealedBytes - offset));
    if (sealed.length < tagBytes) throw new SealError('a sealed file is shorter than it says');
    const decipher = createDecipheriv(algorithm, this.#fileKey, nonce(index, last)).setAuthTag(
      sealed.subarray(-tagBytes),
    );
    try {
      return Buffer.concat([decipher.update(sealed.subarray(0, -tagBytes)), decipher.final()]);
    } catch {
      throw new SealError(`chunk ${index} of a sealed file was changed`);
    }
  }

  async #openHeader(): Promise<Buffer> {
    const header = await this.#read(0, headerBytes);
    if (header.length !== headerBytes || !header.subarray(0, magic.length).equals(magic)) {
      throw new SealError('not a sealed file');
    }
    return fileKey(this.#key, this.#fileId, header.subarray(magic.length));
  }
}
