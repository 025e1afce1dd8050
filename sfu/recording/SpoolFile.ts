import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';

const algorithm = 'aes-256-gcm';
const tagBytes = 16;
const lengthBytes = 4;
/** A record holds a page or two; anything longer is damage. */
const mostBytes = 1 << 20;

function keyOf(secret: string, id: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, id, 'nadi recording spool', 32));
}
/** Each file has a key of its own, so its records are simply counted. */
function nonce(index: number): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeBigUInt64BE(BigInt(index));
  return bytes;
}

/**
 * Writes a file of sealed records: length, ciphertext, tag. Each record is whole or absent, so a file whose writer was
 * killed is readable up to its last record.
 */
export class SpoolWriter {
  readonly #file: FileHandle;
  readonly #key: Buffer;
  #index = 0;
  #work: Promise<void> = Promise.resolve();
  #failure: Error | null = null;
  /** Bytes of content handed over. */
  bytes = 0;

  private constructor(file: FileHandle, key: Buffer) {
    this.#file = file;
    this.#key = key;
  }

  static async create(path: string, id: string, secret: string): Promise<SpoolWriter> {
    return new SpoolWriter(await open(path, 'wx', 0o600), keyOf(secret, id));
  }

  /** Queues one record. @param onFailure told once, when the disk refuses. */
  append(content: Buffer, onFailure: (error: Error) => void): void {
    if (this.#failure) return;
    const cipher = createCipheriv(algorithm, this.#key, nonce(this.#index++));
    const sealed = Buffer.concat([cipher.update(content), cipher.final(), cipher.getAuthTag()]);
    const head = Buffer.alloc(lengthBytes);
    head.writeUInt32BE(sealed.length);
    this.bytes += content.length;
    this.#work = this.#work
      .then(async () => {
        if (!this.#failure) await this.#file.appendFile(Buffer.concat([head, sealed]));
      })
      .catch((error: unknown) => {
        this.#failure = error instanceof Error ? error : new Error(String(error));
        onFailure(this.#failure);
      });
  }

  /** Waits until everything is on the disk. */
  async close(): Promise<void> {
    await this.#work;
    await this.#file.sync().catch(() => undefined);
    await this.#file.close();
  }
}

/** The records of a file in order; ends quietly where it was cut off. @throws when a record in the middle was changed. */
export async function* spoolRecords(path: string, id: string, secret: string): AsyncGenerator<Buffer, void, undefined> {
  const key = keyOf(secret, id);
  const file = await open(path, 'r');
  try {
    let position = 0;
    for (let index = 0; ; index++) {
      const head = await read(file, position, lengthBytes);
      if (!head) return;
      const length = head.readUInt32BE();
      if (length < tagBytes || length > mostBytes) throw new Error('a spool record is damaged');
      const sealed = await read(file, position + lengthBytes, length);
      if (!sealed) return;
      const decipher = createDecipheriv(algorithm, key, nonce(index)).setAuthTag(sealed.subarray(-tagBytes));
      yield Buffer.concat([decipher.update(sealed.subarray(0, -tagBytes)), decipher.final()]);
      position += lengthBytes + length;
    }
  } finally {
    await file.close();
  }
}

async function read(file: FileHandle, position: number, length: number): Promise<Buffer | null> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, position);
  return bytesRead === length ? buffer : null;
}
