import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Logger } from 'pino';
import { spooledRecording, type SpooledRecording } from '../../shared/contract/sfuRecording.ts';
import { preSkip } from './oggPages.ts';
import { samplesPerMs } from './opus.ts';
import { spoolRecords, SpoolWriter } from './SpoolFile.ts';

/** What is known when a file begins. */
export type SpoolEntry = Pick<SpooledRecording, 'id' | 'recording' | 'room' | 'epoch' | 'peer' | 'startedAt'>;

const sound = '.sound';
const card = '.json';

/**
 * The recordings on this node's disk until the hub has them: per file the sealed sound and a card with ids and times (no
 * name, no word). Nothing is removed before the hub says what it has stored.
 */
export class Spool {
  readonly #folder: string;
  readonly #secret: string;
  readonly #log: Logger;
  readonly #cards = new Map<string, SpooledRecording>();

  private constructor(folder: string, secret: string, log: Logger) {
    this.#folder = folder;
    this.#secret = secret;
    this.#log = log;
  }

  /** Opens the folder; what an earlier process left unfinished is complete as it is. */
  static async open(folder: string, secret: string, log: Logger): Promise<Spool> {
    const spool = new Spool(folder, secret, log);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    for (const name of await readdir(folder)) if (name.endsWith(card)) await spool.#adopt(name);
    return spool;
  }

  list(): SpooledRecording[] {
    return [...this.#cards.values()];
  }

  async begin(entry: SpoolEntry): Promise<SpoolWriter> {
    const writer = await SpoolWriter.create(this.#path(entry.id, sound), entry.id, this.#secret);
    await this.#save({ ...entry, lengthMs: 0, bytes: 0, complete: false, interrupted: false, packets: 0 });
    return writer;
  }

  async finish(
    id: string,
    end: Pick<SpooledRecording, 'lengthMs' | 'bytes' | 'packets' | 'interrupted'>,
  ): Promise<void> {
    const known = this.#cards.get(id);
    if (known) await this.#save({ ...known, ...end, complete: true });
  }

  /** The content from byte `from` on, or null when there is no such file. */
  read(id: string, from: number): AsyncGenerator<Buffer, void, undefined> | null {
    return this.#cards.has(id) ? this.#readFrom(id, from) : null;
  }

  /** Removes what the hub has, when it has all of it. */
  async stored(id: string, bytes: number, sha256: string): Promise<'removed' | 'differs' | 'unknown'> {
    const known = this.#cards.get(id);
    if (!known) return 'unknown';
    if (!known.complete || known.bytes !== bytes) return 'differs';
    const hash = createHash('sha256');
    for await (const piece of this.#readFrom(id, 0)) hash.update(piece);
    if (hash.digest('hex') !== sha256) return 'differs';
    this.#cards.delete(id);
    // The card last: without it the sound would never be found again.
    await rm(this.#path(id, sound), { force: true });
    await rm(this.#path(id, card), { force: true });
    return 'removed';
  }

  async *#readFrom(id: string, from: number): AsyncGenerator<Buffer, void, undefined> {
    let at = 0;
    for await (const piece of spoolRecords(this.#path(id, sound), id, this.#secret)) {
      if (at + piece.length > from) yield piece.subarray(Math.max(0, from - at));
      at += piece.length;
    }
  }

  async #adopt(name: string): Promise<void> {
    try {
      const found = spooledRecording.parse(JSON.parse(await readFile(path.join(this.#folder, name), 'utf8')));
      this.#cards.set(found.id, found);
      if (found.complete) return;
      let [bytes, lengthMs] = [0, 0];
      for await (const piece of this.#readFrom(found.id, 0)) {
        bytes += piece.length;
        lengthMs = lengthAtEnd(piece) ?? lengthMs;
      }
      await this.finish(found.id, { bytes, lengthMs, packets: 0, interrupted: true });
    } catch (error) {
      this.#log.error({ err: error, card: name }, 'a spooled recording cannot be read; it is left as it is');
    }
  }

  async #save(entry: SpooledRecording): Promise<void> {
    this.#cards.set(entry.id, entry);
    const file = this.#path(entry.id, card);
    await writeFile(`${file}.new`, JSON.stringify(entry), { mode: 0o600 });
    await rename(`${file}.new`, file);
  }

  #path(id: string, extension: string): string {
    return path.join(this.#folder, `${id}${extension}`);
  }
}

/** The length a piece of an Ogg file ends at, by its last page's granule position, ms. */
function lengthAtEnd(piece: Buffer): number | null {
  const at = piece.lastIndexOf('OggS');
  return at === -1 || piece.length < at + 14
    ? null
    : Math.max(0, Math.round((Number(piece.readBigInt64LE(at + 6)) - preSkip) / samplesPerMs));
}
