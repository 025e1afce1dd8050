import { BSON, MongoBulkWriteError, type Collection, type Db } from 'mongodb';
import { z } from 'zod';
import { MasterKeys } from '../keys/MasterKeys.ts';
import { keysCollection, PatientKeys, type ImportedKeys } from '../keys/PatientKeys.ts';
import { migrate, migrations } from '../store/migrations/index.ts';
import type { Doc } from '../store/mongo.ts';
import { baseEpoch } from '../store/streams/log.ts';
import { readArchive, type CollectionSummary, type Manifest, type Part } from './archive.ts';
import type { ArchiveKeys } from './archiveKeys.ts';
import { leftOut, restoreMark } from './collections.ts';
import { BackupError } from './errors.ts';
import { reconciled, redriven, type AnyDoc, type Restored } from './reconcile.ts';
import type { BackupTarget, StoredObject } from './targets/types.ts';

const mostTogether = 500;
const mostBytesTogether = 8 * 1024 * 1024;

const mark = z.object({ state: z.enum(['running', 'done']), archive: z.string() });

/** The restore this database is of, if any. */
export async function restoreOf(db: Db): Promise<z.infer<typeof mark> | null> {
  return mark.nullable().parse(await db.collection<Doc>('meta').findOne({ _id: restoreMark }));
}

/** Whether anything is in it that a restore would mix with. */
export async function isEmpty(db: Db): Promise<boolean> {
  const names = (await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name);
  for (const name of names) {
    if (name === 'migrations' || name.startsWith('system.')) continue;
    if (await db.collection(name).findOne({}, { projection: { _id: 1 } })) return false;
  }
  return true;
}

/** Reads an archive to its end without keeping it. @throws BackupError when not every byte is as it was written. */
export async function verifyArchive(
  keys: ArchiveKeys,
  target: Pick<BackupTarget, 'read'>,
  file: StoredObject,
): Promise<Manifest> {
  return (await drained(readArchive('backup', keys, target, file))).manifest;
}

async function drained(parts: AsyncIterable<Part>): Promise<{ manifest: Manifest }> {
  for await (const part of parts) if ('manifest' in part) return part;
  throw new BackupError('torn', 'it has no manifest at its end');
}

export interface RestoreOptions {
  /** Empty, but for an unfinished restore. */
  readonly db: Db;
  readonly target: BackupTarget;
  readonly file: StoredObject;
  readonly keyring: StoredObject;
  readonly masterKeys: readonly string[];
  readonly archiveKeys: ArchiveKeys;
  readonly now: () => number;
  readonly step?: (title: string) => void;
}

export interface RestoreReport {
  readonly manifest: Manifest;
  /** What the database holds of each collection now. */
  readonly counts: readonly { readonly name: string; readonly wanted: number; readonly found: number }[];
  readonly keys: ImportedKeys;
  readonly epoch: number;
}

/**
 * Fills an empty database from an archive. The whole archive is read and proved first; then a mark says that the database is
 * being filled, which keeps hubs off it, until it is complete. One that broke off is emptied and begun anew.
 * @throws BackupError `notEmpty`, `newer`, and what reading throws.
 */
export async function restore(options: RestoreOptions): Promise<RestoreReport> {
  const { db, target, file, keyring, masterKeys, archiveKeys, now, step = () => undefined } = options;
  step('reading the whole archive');
  const manifest = await verifyArchive(archiveKeys, target, file);
  const steps = migrations.filter(({ id }) => manifest.migrations.includes(id));
  const unknown = manifest.migrations.filter((id) => !steps.some((one) => one.id === id));
  if (unknown.length > 0) {
    throw new BackupError('newer', `a later version wrote it: this one does not know ${unknown.join(', ')}`);
  }
  const before = await restoreOf(db);
  if (before?.state === 'running') {
    step('emptying what an earlier restore left half done');
    await db.dropDatabase();
  } else if (!(await isEmpty(db))) {
    throw new BackupError('notEmpty', 'the database is not empty');
  }
  const meta = db.collection<Doc>('meta');
  const begun = { state: 'running', archive: file.name, startedAt: now() };
  await meta.replaceOne({ _id: restoreMark }, { _id: restoreMark, ...begun }, { upsert: true });

  step('indexes');
  await migrate(db, now, steps);
  const loader = new Loader(db, manifest.cut, now());
  step('documents');
  for await (const part of readArchive('backup', archiveKeys, target, file)) {
    if ('collection' in part) await loader.collection(part.collection);
    else if ('document' in part) await loader.document(part.document);
  }
  await loader.finish();
  step('keys');
  const keys = await new PatientKeys(db, new MasterKeys(masterKeys), now).importWrapped(
    keysIn(archiveKeys, target, keyring),
  );
  step('counting');
  const counts = await countsOf(db, manifest.collections);
  await meta.replaceOne({ _id: restoreMark }, { _id: restoreMark, ...begun, state: 'done', doneAt: now() });
  return { manifest, counts, keys, epoch: loader.epoch };
}

/** The wrapped keys in a keyring. @throws BackupError */
export async function* keysIn(
  keys: ArchiveKeys,
  target: Pick<BackupTarget, 'read'>,
  file: StoredObject,
): AsyncGenerator<unknown, void, undefined> {
  let collection = '';
  for await (const part of readArchive('keyring', keys, target, file)) {
    if ('collection' in part) collection = part.collection;
    if ('document' in part && collection === keysCollection) yield BSON.deserialize(part.document);
  }
}

/** Puts documents back in batches, brought to where the restored events end. */
class Loader implements Restored {
  readonly cut: number;
  /** Of every restored stream: higher than any before, also of another restore of the same archive. */
  readonly epoch: number;
  readonly #db: Db;
  readonly #heads = new Map<string, number>();
  #collection: Collection<Doc> | null = null;
  #held: Doc[] = [];
  #bytes = 0;

  constructor(db: Db, cut: number, now: number) {
    this.#db = db;
    this.cut = cut;
    this.epoch = Math.floor(now / 1000);
  }

  head(stream: string): number {
    return this.#heads.get(stream) ?? 0;
  }

  async collection(name: string): Promise<void> {
    await this.#flush();
    if (leftOut.has(name)) throw new BackupError('damaged', `an archive never holds ${name}`);
    this.#collection = this.#db.collection<Doc>(name);
  }

  async document(raw: Uint8Array): Promise<void> {
    // Kept as they are stored: a number's type, too.
    const doc = storedDoc.parse(
      BSON.deserialize(raw, { promoteValues: false, promoteLongs: false, promoteBuffers: false, bsonRegExp: true }),
    );
    this.#held.push(this.#brought(doc));
    this.#bytes += raw.length;
    if (this.#held.length >= mostTogether || this.#bytes >= mostBytesTogether) await this.#flush();
  }

  async finish(): Promise<void> {
    await this.#flush();
    // Streams that begin after the restore must differ from those that a client saw before it, too.
    const streams = this.#db.collection<Doc>('streams');
    await streams.replaceOne({ _id: baseEpoch }, { _id: baseEpoch, epoch: this.epoch }, { upsert: true });
  }

  #brought(doc: Doc): Doc {
    const name = this.#collection?.collectionName ?? '';
    if (name === 'streams') return { ...doc, epoch: this.epoch };
    if (name !== 'events') return storedDoc.parse(reconciled(name, doc, this));
    const { stream, seq, at } = eventFields.parse(doc);
    this.#heads.set(stream, Math.max(this.head(stream), seq));
    return storedDoc.parse(redriven(doc, at, this.cut));
  }

  async #flush(): Promise<void> {
    const collection = this.#collection;
    const docs = this.#held;
    this.#held = [];
    this.#bytes = 0;
    if (docs.length === 0) return;
    if (!collection) throw new BackupError('damaged', 'a document of no collection');
    try {
      await collection.insertMany(docs, { ordered: false });
    } catch (error) {
      if (!(error instanceof MongoBulkWriteError) || error.code !== 11000) throw error;
      // A migration made some of them: the restored ones are right.
      await collection.bulkWrite(
        docs.map((doc) => ({ replaceOne: { filter: { _id: doc._id }, replacement: doc, upsert: true } })),
      );
    }
  }
}

/** Ids are texts, or ObjectIds in GridFS; they go back as they came. */
const storedDoc = z.custom<Doc>((value) => typeof value === 'object' && value !== null && '_id' in value);
const number = z.unknown().transform(Number).pipe(z.number());
const eventFields = z.object({ stream: z.string(), seq: number, at: number });

async function countsOf(db: Db, wanted: readonly CollectionSummary[]): Promise<RestoreReport['counts']> {
  const counts = [];
  for (const { name, documents } of wanted) {
    counts.push({ name, wanted: documents, found: await db.collection(name).countDocuments() });
  }
  return counts;
}

export type { AnyDoc };
