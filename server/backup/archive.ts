import { createHash, type Hash } from 'node:crypto';
import { pipeline, Readable, Transform } from 'node:stream';
import { createGunzip, createGzip } from 'node:zlib';
import { z } from 'zod';
import { SealError } from '../keys/MasterKeys.ts';
import { SealedReader, SealingStream } from '../keys/sealedFile.ts';
import { newId } from '../support/ids.ts';
import type { ArchiveKeys } from './archiveKeys.ts';
import { BackupError } from './errors.ts';
import type { BackupTarget } from './targets/types.ts';
import { SequentialReads } from './SequentialReads.ts';

/**
 * An archive: one line of JSON in the clear (which key opens it), then a sealed file of gzip of records. A record is its kind
 * (1 byte), its length (4 bytes, little endian) and that many bytes: the name of a collection, then its documents as raw BSON,
 * and the manifest as the last of all. Nothing is believed before the manifest agrees with what was read.
 */
export const archiveFormat = 1;
const recordKinds = { collection: 1, document: 2, manifest: 3 } as const;
const recordHead = 5;
const mostHeader = 1_024;
/** A document of MongoDB is at most 16 MiB. */
const mostRecord = 17 * 1024 * 1024;

const header = z.strictObject({
  nadi: z.enum(['backup', 'keyring']),
  format: z.int(),
  id: z.string(),
  /** Which master key's archive key seals it. */
  kid: z.string(),
});
export type ArchiveKind = z.infer<typeof header>['nadi'];

export const collectionSummary = z.object({
  name: z.string(),
  documents: z.int(),
  bytes: z.int(),
  /** Over the raw documents in the order of the archive. */
  sha256: z.string(),
});
export type CollectionSummary = z.infer<typeof collectionSummary>;

export const manifest = z.object({
  format: z.int(),
  id: z.string(),
  /** Version of the program that wrote it. */
  version: z.string(),
  engine: z.string(),
  /** Migrations the database had been through. */
  migrations: z.array(z.string()),
  /** UTC ms. */
  startedAt: z.number(),
  finishedAt: z.number(),
  /** Events later than this (UTC ms) are not in it. */
  cut: z.number(),
  /** Streams with a hole in their numbers: there should be none. */
  holes: z.int(),
  collections: z.array(collectionSummary),
});
export type Manifest = z.infer<typeof manifest>;

/** What an archive is made of, in order. */
export type Part =
  { readonly collection: string } | { readonly document: Uint8Array } | { readonly manifest: Manifest };
/** All but the numbers that are counted while it is written. */
export type ManifestHead = Omit<Manifest, 'collections' | 'format' | 'id' | 'finishedAt'>;

/** Counts and hashes the documents of each collection as they pass. */
class Tally {
  readonly done: CollectionSummary[] = [];
  #open: { name: string; documents: number; bytes: number; hash: Hash } | null = null;

  collection(name: string): void {
    this.#close();
    this.#open = { name, documents: 0, bytes: 0, hash: createHash('sha256') };
  }

  document(raw: Uint8Array): void {
    if (!this.#open) throw new BackupError('damaged', 'a document of no collection');
    this.#open.documents += 1;
    this.#open.bytes += raw.length;
    this.#open.hash.update(raw);
  }

  summary(): CollectionSummary[] {
    this.#close();
    return this.done;
  }

  #close(): void {
    if (!this.#open) return;
    const { hash, ...counts } = this.#open;
    this.done.push({ ...counts, sha256: hash.digest('hex') });
    this.#open = null;
  }
}

export interface Written {
  readonly id: string;
  readonly stream: Readable;
  /** Set once the stream has ended well. */
  manifest(): Manifest;
}

/**
 * An archive as a stream of bytes.
 * @param head called at the end, when everything that it says is known.
 */
export function writeArchive(
  kind: ArchiveKind,
  keys: ArchiveKeys,
  parts: AsyncIterable<{ readonly collection: string } | { readonly document: Uint8Array }>,
  head: () => ManifestHead,
): Written {
  const id = newId();
  const { kid, key } = keys.current;
  const line = Buffer.from(`${JSON.stringify({ nadi: kind, format: archiveFormat, id, kid })}\n`);
  let made: Manifest | null = null;

  async function* records(): AsyncGenerator<Uint8Array, void, undefined> {
    const tally = new Tally();
    for await (const part of parts) {
      if ('collection' in part) {
        tally.collection(part.collection);
        yield record(recordKinds.collection, Buffer.from(part.collection));
      } else {
        tally.document(part.document);
        yield record(recordKinds.document, part.document);
      }
    }
    made = { ...head(), format: archiveFormat, id, finishedAt: Date.now(), collections: tally.summary() };
    yield record(recordKinds.manifest, Buffer.from(JSON.stringify(made)));
  }

  let first = true;
  const withHeader = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (first) this.push(line);
      first = false;
      done(null, chunk);
    },
  });
  // An error anywhere destroys all of them, so that whoever stores the stream sees it fail instead of end.
  const sealing = new SealingStream(key, fileIdOf(line));
  pipeline(Readable.from(records(), { objectMode: false }), createGzip(), sealing, withHeader, () => undefined);
  return {
    id,
    stream: withHeader,
    manifest: () => {
      if (!made) throw new BackupError('torn', 'the archive was not written to its end');
      return made;
    },
  };
}

/**
 * Everything in an archive, in order; the manifest comes last and only when all that came before agrees with it.
 * @throws BackupError `key`, `damaged`, `torn`, `newer`.
 */
export async function* readArchive(
  kind: ArchiveKind,
  keys: ArchiveKeys,
  target: Pick<BackupTarget, 'read'>,
  file: { readonly name: string; readonly bytes: number },
): AsyncGenerator<Part, void, undefined> {
  const source = new SequentialReads((offset) => target.read(file.name, offset));
  try {
    const line = await headerLine(source, file.bytes);
    const { kid } = parseHeader(line, kind);
    const sealed = sealedReader(keys.named(kid), line, file.bytes, source);
    const unzipped = pipeline(Readable.from(sealed.range(), { objectMode: false }), createGunzip(), () => undefined);
    yield* checkedParts(unzipped);
  } catch (error) {
    throw worded(error);
  } finally {
    source.close();
  }
}

/** The id of the master key that opens an archive, from its first line alone. @throws BackupError */
export async function keyIdOf(
  kind: ArchiveKind,
  target: Pick<BackupTarget, 'read'>,
  file: { readonly name: string; readonly bytes: number },
): Promise<string> {
  const source = new SequentialReads((offset) => target.read(file.name, offset));
  try {
    return parseHeader(await headerLine(source, file.bytes), kind).kid;
  } finally {
    source.close();
  }
}

async function* checkedParts(bytes: AsyncIterable<Buffer>): AsyncGenerator<Part, void, undefined> {
  const tally = new Tally();
  let last: Manifest | null = null;
  for await (const [kind, body] of splitRecords(bytes)) {
    if (last) throw new BackupError('damaged', 'something follows the manifest');
    if (kind === recordKinds.collection) {
      const collection = body.toString('utf8');
      tally.collection(collection);
      yield { collection };
    } else if (kind === recordKinds.document) {
      tally.document(body);
      yield { document: body };
    } else {
      last = manifest.parse(JSON.parse(body.toString('utf8')));
    }
  }
  if (!last) throw new BackupError('torn', 'it has no manifest at its end');
  if (JSON.stringify(last.collections) !== JSON.stringify(tally.summary())) {
    throw new BackupError('damaged', 'its content does not agree with its manifest');
  }
  yield { manifest: last };
}

async function* splitRecords(bytes: AsyncIterable<Buffer>): AsyncGenerator<[number, Buffer], void, undefined> {
  let held: Buffer[] = [];
  let have = 0;
  let need = recordHead;
  for await (const chunk of bytes) {
    held.push(chunk);
    have += chunk.length;
    if (have < need) continue;
    let all = Buffer.concat(held);
    for (;;) {
      need = recordHead;
      if (all.length < need) break;
      const length = all.readUInt32LE(1);
      if (length > mostRecord) throw new BackupError('damaged', 'a record is larger than any can be');
      need = recordHead + length;
      if (all.length < need) break;
      const kind = all[0] ?? 0;
      if (kind < 1 || kind > 3) throw new BackupError('newer', `a record of unknown kind ${kind}`);
      yield [kind, all.subarray(recordHead, need)];
      all = all.subarray(need);
    }
    held = [all];
    have = all.length;
  }
  if (have > 0) throw new BackupError('torn', 'it ends within a record');
}

function record(kind: number, body: Uint8Array): Buffer {
  const head = Buffer.alloc(recordHead);
  head[0] = kind;
  head.writeUInt32LE(body.length, 1);
  return Buffer.concat([head, body]);
}

async function headerLine(source: SequentialReads, bytes: number): Promise<Buffer> {
  const start = await source.read(0, Math.min(mostHeader, bytes));
  const end = start.indexOf('\n');
  if (end === -1) throw new BackupError('damaged', 'it does not begin as an archive does');
  return Buffer.from(start.subarray(0, end + 1));
}

function parseHeader(line: Buffer, kind: ArchiveKind): z.infer<typeof header> {
  let parsed;
  try {
    parsed = z.looseObject({ format: z.int() }).parse(JSON.parse(line.toString('utf8')));
  } catch (error) {
    throw new BackupError('damaged', 'it does not begin as an archive does', { cause: error });
  }
  if (parsed.format > archiveFormat) {
    throw new BackupError('newer', `its format ${parsed.format} is newer than this version reads (${archiveFormat})`);
  }
  const found = header.safeParse(parsed);
  if (found.data?.nadi !== kind) throw new BackupError('damaged', `it is not a ${kind}`);
  return found.data;
}

function sealedReader(key: Buffer, line: Buffer, bytes: number, source: SequentialReads): SealedReader {
  try {
    return new SealedReader(key, fileIdOf(line), bytes - line.length, (offset, length) =>
      source.read(line.length + offset, length),
    );
  } catch (error) {
    // Its length is none that a finished archive can have.
    throw new BackupError('torn', 'it is shorter than it was when it was written', { cause: error });
  }
}

/** The first line is authenticated: changed, nothing after it opens. */
function fileIdOf(line: Buffer): string {
  return `backup ${createHash('sha256').update(line).digest('hex')}`;
}

function worded(error: unknown): unknown {
  if (error instanceof SealError) return new BackupError('damaged', error.message, { cause: error });
  if (error instanceof z.ZodError) return new BackupError('damaged', 'its manifest is not one', { cause: error });
  if (error instanceof Error && 'code' in error && String(error.code).startsWith('Z_')) {
    return new BackupError('damaged', 'it does not unpack', { cause: error });
  }
  return error;
}
