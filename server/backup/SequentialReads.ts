import type { Readable } from 'node:stream';
import { BackupError } from './errors.ts';

const mostReopens = 5;

/**
 * Reads a far file from front to back in pieces of any size over one open stream. A stream that breaks off is opened again
 * where it broke, a few times in a row.
 */
export class SequentialReads {
  readonly #open: (offset: number) => Promise<Readable>;
  #stream: Readable | null = null;
  #chunks: AsyncIterator<unknown> | null = null;
  #held: Buffer = Buffer.alloc(0);
  /** Where `#held` begins. */
  #at = 0;

  /** @param open the content from `offset` to the end. */
  constructor(open: (offset: number) => Promise<Readable>) {
    this.#open = open;
  }

  /** `length` bytes at `offset`. Going back reads anew. @throws BackupError `torn` when there are not as many. */
  async read(offset: number, length: number): Promise<Buffer> {
    if (offset < this.#at || offset > this.#at + this.#held.length) {
      this.close();
      this.#at = offset;
    }
    const end = offset + length;
    for (let failures = 0; this.#at + this.#held.length < end;) {
      let next;
      try {
        this.#chunks ??= await this.#reopen();
        next = await this.#chunks.next();
      } catch (error) {
        if (error instanceof BackupError || ++failures > mostReopens) throw error;
        this.#drop();
        continue;
      }
      if (next.done === true || !Buffer.isBuffer(next.value)) {
        // A connection may end early without an error: what is missing is asked for once more before it is believed.
        if (++failures > 2) throw new BackupError('torn', `it ends at byte ${this.#at + this.#held.length}`);
        this.#drop();
        continue;
      }
      failures = next.value.length > 0 ? 0 : failures;
      this.#held = this.#held.length === 0 ? next.value : Buffer.concat([this.#held, next.value]);
    }
    const found = this.#held.subarray(offset - this.#at, end - this.#at);
    this.#held = this.#held.subarray(offset - this.#at);
    this.#at = offset;
    return found;
  }

  close(): void {
    this.#drop();
    this.#held = Buffer.alloc(0);
    this.#at = 0;
  }

  async #reopen(): Promise<AsyncIterator<unknown>> {
    this.#stream = await this.#open(this.#at + this.#held.length);
    return this.#stream[Symbol.asyncIterator]();
  }

  #drop(): void {
    this.#stream?.destroy();
    this.#stream = null;
    this.#chunks = null;
  }
}
