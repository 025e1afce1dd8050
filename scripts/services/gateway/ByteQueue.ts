/** Bytes of a stream in the order of their arrival; joined only when somebody needs more than one chunk holds. */
export class ByteQueue {
  #chunks: Buffer[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
  }

  /** The first `size` bytes, which stay in the queue; undefined until there are as many. */
  peek(size: number): Buffer | undefined {
    if (this.#size < size) return undefined;
    const first = this.#chunks[0];
    if (first !== undefined && first.length >= size) return first.subarray(0, size);
    const joined = Buffer.concat(this.#chunks);
    this.#chunks = [joined];
    return joined.subarray(0, size);
  }

  /** Removes and returns the first `size` bytes; undefined until there are as many. */
  take(size: number): Buffer | undefined {
    const bytes = this.peek(size);
    const first = this.#chunks[0];
    if (bytes === undefined || first === undefined) return bytes;
    if (first.length === size) this.#chunks.shift();
    else this.#chunks[0] = first.subarray(size);
    this.#size -= size;
    return bytes;
  }
}
