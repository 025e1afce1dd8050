import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { GridFSBucket, ObjectId, type Db, type Filter } from 'mongodb';
import { AppError } from '../../shared/errors.ts';
import { chatSubject } from '../chat/subject.ts';
import { createRepos } from '../store/Repos.ts';
import type { Doc } from '../store/mongo.ts';
import { storedEvent } from '../store/streams/log.ts';
import { EventSealer, type SubjectOf } from './EventSealer.ts';
import { sealedEvents, sealedKinds, type SealedKind } from './fields.ts';
import type { PatientKeys } from './PatientKeys.ts';
import { sealedPieces } from './sealedFile.ts';

/** How much was found in the clear. */
export interface Unsealed {
  readonly events: number;
  readonly files: number;
}

/** Events of sealed kinds that were written before sealing was. */
const oldEvents = (kind: SealedKind): Filter<Doc> => ({
  _id: { $gt: `${kind}:`, $lt: `${kind};` },
  sealedFor: { $exists: false },
  type: { $in: Object.keys(sealedEvents[kind]) },
});
const oldFiles: Filter<Doc> = { state: 'ready', contentKey: { $exists: false } };

/** How much still stands in the clear; nothing once {@link sealOlder} is through. */
export async function countUnsealed(db: Db): Promise<Unsealed> {
  let events = 0;
  for (const kind of sealedKinds) events += await db.collection<Doc>('events').countDocuments(oldEvents(kind));
  return { events, files: await db.collection<Doc>('files').countDocuments(oldFiles) };
}

/**
 * Seals what was written before sealing was: events and uploaded files. May run while hubs serve, end anywhere and be run again.
 * @returns how much it sealed.
 */
export async function sealOlder(db: Db, keys: PatientKeys, batch = 200): Promise<Unsealed> {
  const known = chatSubject(createRepos(db, keys));
  // A thread that nobody wrote down has a key of its own.
  const subjectOf: SubjectOf = (threadId) =>
    known(threadId).catch((error: unknown) => {
      if (error instanceof AppError && error.code === 'NOT_FOUND') return threadId;
      throw error;
    });
  return { events: await sealEvents(db, keys, subjectOf, batch), files: await sealFiles(db, keys, subjectOf) };
}

async function sealEvents(db: Db, keys: PatientKeys, chat: SubjectOf, batch: number): Promise<number> {
  const sealer = new EventSealer(keys, { chat });
  const events = db.collection<Doc>('events');
  let done = 0;
  for (const kind of sealedKinds) {
    for (;;) {
      const found = await events.find(oldEvents(kind)).limit(batch).toArray();
      if (found.length === 0) break;
      const sealed = await sealer.seal(found.map((doc) => storedEvent.parse(doc)));
      const writes = sealed.map(({ _id, data, sealedFor }) => ({
        updateOne: { filter: { _id, sealedFor: { $exists: false } }, update: { $set: { data, sealedFor } } },
      }));
      done += (await events.bulkWrite(writes, { ordered: false })).modifiedCount;
    }
  }
  return done;
}

/** The sealed content is written beside the old one, then the document points to it, then the old one goes. */
async function sealFiles(db: Db, keys: PatientKeys, subjectOf: SubjectOf): Promise<number> {
  const { files } = createRepos(db, keys);
  const bucket = new GridFSBucket(db, { bucketName: 'uploads' });
  const rewrite = async (old: string, key: Buffer): Promise<{ id: string; bytes: number }> => {
    const id = new ObjectId();
    const plain = bucket.openDownloadStream(new ObjectId(old));
    const sealed = await buffer(Readable.from(sealedPieces(key, id.toHexString(), plain)));
    await new Promise<void>((resolve, reject) => {
      const upload = bucket.openUploadStreamWithId(id, 'content');
      upload.on('error', reject).end(sealed, () => resolve());
    });
    return { id: id.toHexString(), bytes: sealed.length };
  };
  const remove = async (old: string | undefined): Promise<void> => {
    if (old !== undefined) await bucket.delete(new ObjectId(old)).catch(() => undefined);
  };
  let done = 0;
  for (;;) {
    const file = await files.one(oldFiles);
    if (!file) return done;
    const subject =
      file.threadId === undefined
        ? `uploads:${new Date(file.createdAt).toISOString().slice(0, 10)}`
        : await subjectOf(file.threadId);
    const key = randomBytes(32);
    const content = await rewrite(file.contentId, key);
    const thumbnail = file.thumbnailId === undefined ? null : await rewrite(file.thumbnailId, key);
    const taken = await files.replace(
      { contentId: file.contentId, contentKey: { $exists: false } },
      {
        ...file,
        subject,
        contentKey: key.toString('base64'),
        contentId: content.id,
        ...(thumbnail ? { thumbnailId: thumbnail.id, thumbnailBytes: thumbnail.bytes } : {}),
      },
    );
    if (taken) done += 1;
    // Whoever was faster has the document; what nobody points to goes.
    for (const old of taken ? [file.contentId, file.thumbnailId] : [content.id, thumbnail?.id]) await remove(old);
  }
}
