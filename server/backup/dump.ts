import { setTimeout as delay } from 'node:timers/promises';
import { BSON, type Db, type Document } from 'mongodb';
import { z } from 'zod';
import { doneMigrations } from '../store/migrations/index.ts';
import { keysCollection, type StoredKey } from '../keys/PatientKeys.ts';
import { version } from '../support/version.ts';
import type { ManifestHead } from './archive.ts';
import { archiveOrder } from './collections.ts';
import { BackupError } from './errors.ts';

/** How far clocks of hubs may be apart for an event acknowledged before the start to be in for certain, ms. */
const skewMs = 2_000;

export interface DumpOptions {
  readonly db: Db;
  readonly engine: string;
  readonly now: () => number;
  /** Time for writes under way at the cut to arrive, ms. */
  readonly settleMs?: number;
  readonly signal?: AbortSignal;
}

type DumpPart = { readonly collection: string } | { readonly document: Uint8Array };

export interface Dump {
  readonly parts: AsyncIterable<DumpPart>;
  /** Once the parts have been read to their end. */
  head(): ManifestHead;
}

const eventPlace = z.object({ stream: z.string(), seq: z.int(), at: z.number() });

/**
 * A database as the parts of an archive, while hubs go on working on it. Events up to one moment, shortly after the start, are
 * read first; everything else after that. Memory: one page of documents.
 */
export async function dumpOf({ db, engine, now, settleMs = 3_000, signal }: DumpOptions): Promise<Dump> {
  const startedAt = now();
  const cut = startedAt + Math.min(skewMs, settleMs);
  const migrations = await doneMigrations(db);
  let holes = 0;

  async function* parts(): AsyncGenerator<DumpPart, void, undefined> {
    await delay(settleMs, undefined, { signal });
    const names = (await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name);
    for (const collection of archiveOrder(names)) {
      yield { collection };
      if (collection === 'events') yield* events();
      else for await (const document of documentsOf(db, collection)) yield proceeding(document);
    }
  }

  async function* events(): AsyncGenerator<DumpPart, void, undefined> {
    let [stream, seq, over] = ['', 0, false];
    for await (const document of documentsOf(db, 'events')) {
      const event = eventPlace.parse(BSON.deserialize(document));
      if (event.stream !== stream) [stream, seq, over] = [event.stream, event.seq - 1, false];
      // What follows the first one too late is too late as well, whatever a clock said.
      over ||= event.at > cut;
      if (over) continue;
      if (event.seq !== seq + 1) holes += 1;
      seq = event.seq;
      yield proceeding(document);
    }
  }

  function proceeding(document: Uint8Array): DumpPart {
    signal?.throwIfAborted();
    return { document };
  }

  return { parts: parts(), head: () => ({ version, engine, migrations, startedAt, cut, holes }) };
}

/** Wrapped keys as the only part of a keyring. */
export async function* keyringParts(keys: AsyncIterable<StoredKey>): AsyncGenerator<DumpPart, void, undefined> {
  yield { collection: keysCollection };
  for await (const key of keys) yield { document: BSON.serialize(key) };
}

/**
 * Every document of a collection as raw BSON, in the order of their ids, page by page: each page is a read of its own, so that no
 * cursor has to live for hours. What is inserted behind the last page meanwhile is not seen.
 */
export async function* documentsOf(db: Db, name: string): AsyncGenerator<Uint8Array, void, undefined> {
  const collection = db.collection(name);
  const page = name.endsWith('.chunks') ? 16 : 1_000;
  await refuseMixedIds(db, name);
  let after: unknown;
  for (;;) {
    const rest: Document = after === undefined ? {} : { _id: { $gt: after } };
    const found: unknown[] = await collection.find(rest, { raw: true, sort: { _id: 1 }, limit: page }).toArray();
    let last: Uint8Array | undefined;
    for (const raw of found) {
      last = rawDocument.parse(raw);
      yield last;
    }
    if (!last || found.length < page) return;
    after = idOf(last);
  }
}

const rawDocument = z.instanceof(Uint8Array);

export function idOf(document: Uint8Array): unknown {
  return BSON.deserialize(document, { promoteValues: false })['_id'];
}

/** `$gt` compares ids of one type only: of two types in one collection the second would be left out without a word. */
async function refuseMixedIds(db: Db, name: string): Promise<void> {
  const collection = db.collection(name);
  const ends = [1, -1] as const;
  const types = await Promise.all(
    ends.map(async (direction) => {
      const found: unknown = await collection.findOne({}, { sort: { _id: direction }, projection: { _id: 1 } });
      return found === null ? null : typeName(z.looseObject({ _id: z.unknown() }).parse(found)._id);
    }),
  );
  if (types[0] !== types[1]) throw new BackupError('damaged', `ids of several types in collection ${name}`);
}

function typeName(id: unknown): string {
  if (typeof id !== 'object' || id === null) return typeof id;
  return '_bsontype' in id ? String(id._bsontype) : 'object';
}
