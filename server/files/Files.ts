import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { GridFSBucket, ObjectId, type Db } from 'mongodb';
import { AppError } from '../../shared/errors.ts';
import type { Attachment, FileType } from '../../shared/state/chat.ts';
import type { Messages } from '../chat/Messages.ts';
import type { SubjectOf } from '../keys/EventSealer.ts';
import type { PatientKeys } from '../keys/PatientKeys.ts';
import { SealedReader, sealedPieces, sealedSize } from '../keys/sealedFile.ts';
import type { Access } from '../store/Access.ts';
import type { FileDoc } from '../store/entities.ts';
import type { Repos } from '../store/Repos.ts';
import { inspected, safeName } from './sniff.ts';
import { pictureOf } from './thumbnail.ts';

export interface FilesDeps {
  readonly db: Db;
  readonly repos: Repos;
  readonly messages: Messages;
  readonly keys: PatientKeys;
  /** Whose key seals what is posted in a thread. */
  readonly subjectOf: SubjectOf;
  readonly now: () => number;
}

/** What an account may upload in a day, bytes. */
const dailyBytes = 200 * 1024 * 1024;
const dayMs = 24 * 3600_000;
/** An upload this old belongs to a process that died, ms. */
const staleMs = 10 * 60_000;
/** What nobody posted is gone after a day; a day later so is its key. */
const uploadKeyDays = 3;

/** Where a claim on files comes from. */
export interface Claim {
  readonly owner: string;
  readonly threadId: string;
  readonly messageId: string;
}

/**
 * Uploaded files. The document comes first and the content after it, so nothing lies around unknown; a file is its
 * uploader's until a message claims it, and goes after a day when none does. Content is sealed as it comes in.
 */
export class Files {
  readonly #deps: FilesDeps;
  readonly #bucket: GridFSBucket;
  #drawing: Promise<unknown> = Promise.resolve();

  constructor(deps: FilesDeps) {
    this.#deps = deps;
    this.#bucket = new GridFSBucket(deps.db, { bucketName: 'uploads' });
  }

  /**
   * Takes a file in. A repeat with the same id answers as the first did.
   * @throws AppError UNSUPPORTED_MEDIA_TYPE when it is not what it says, TOO_LARGE, RATE_LIMITED over the day's amount, CONFLICT while
   *   the same upload is under way.
   */
  async receive(
    owner: string,
    { id, name, type, body }: { id: string; name: string; type: FileType; body: Readable },
  ): Promise<Attachment> {
    const { repos, now } = this.#deps;
    await this.#allow(owner);
    const content = new ObjectId();
    const file: FileDoc = {
      _id: id,
      owner,
      state: 'uploading',
      contentId: content.toHexString(),
      ...(type.startsWith('image/') ? { thumbnailId: new ObjectId().toHexString() } : {}),
      subject: uploadsOf(now()),
      contentKey: randomBytes(32).toString('base64'),
      name: safeName(name, type),
      type,
      bytes: 0,
      createdAt: now(),
    };
    if (!(await repos.files.insert(file))) {
      const first = await repos.files.get(id);
      if (first?.state === 'ready' && first.type === type) return attachmentOf(first);
      if (first && first.createdAt > now() - staleMs) throw new AppError('CONFLICT', 'this upload is under way');
      if (first) await this.#drop(first);
      return await this.receive(owner, { id, name, type, body });
    }
    try {
      const bytes = await this.#store(content, file, body);
      const picture = file.thumbnailId === undefined ? {} : await this.#draw({ ...file, bytes }, file.thumbnailId);
      const ready = { ...picture, bytes, state: 'ready' } as const;
      if (!(await repos.files.update({ _id: id, state: 'uploading' }, { $set: ready }))) {
        throw new AppError('CONFLICT', 'the upload took too long');
      }
      return attachmentOf({ ...file, ...ready });
    } catch (error) {
      await this.#drop(file);
      throw error;
    }
  }

  /**
   * Makes the owner's files part of a message, all or none.
   * @throws AppError NOT_FOUND for what is not there or another's, CONFLICT for what was posted before.
   */
  async claim(claim: Claim, ids: readonly string[]): Promise<Attachment[]> {
    const { owner, threadId, messageId } = claim;
    const { files } = this.#deps.repos;
    const subject = ids.length > 0 ? await this.#deps.subjectOf(threadId) : '';
    if (new Set(ids).size < ids.length) throw new AppError('CONFLICT', 'a file is named twice');
    const found: Attachment[] = [];
    const taken: string[] = [];
    for (const id of ids) {
      const before = await files.get(id);
      const free = { owner, state: 'ready', messageId: { $exists: false }, doctorId: { $exists: false } };
      const mine = before?.owner === owner && before.state === 'ready' && before.messageId === undefined;
      if (mine && (await files.replace(free, { ...before, threadId, messageId, subject }))) taken.push(id);
      const file = await files.get(id);
      if (file?.messageId === messageId && file.owner === owner) found.push(attachmentOf(file));
      else {
        await this.unclaim(claim, taken);
        if (file?.owner === owner && file.messageId !== undefined) throw new AppError('CONFLICT', 'already posted');
        throw new AppError('NOT_FOUND', 'no such file');
      }
    }
    return found;
  }

  /**
   * Makes the owner's file part of their application; it stays.
   * @throws AppError NOT_FOUND for what is not there, another's, or posted; UNSUPPORTED_MEDIA_TYPE when it is of another kind.
   */
  async keep({ owner, doctorId }: { owner: string; doctorId: string }, id: string, kinds: RegExp): Promise<void> {
    const { files } = this.#deps.repos;
    const file = await files.get(id);
    const mine = file?.owner === owner && file.state === 'ready' && file.messageId === undefined;
    if (!mine) throw new AppError('NOT_FOUND', 'no such file');
    if (!kinds.test(file.type)) throw new AppError('UNSUPPORTED_MEDIA_TYPE', 'this kind of file is not taken here');
    // Sealed with its owner's key from now on: the key of the day's uploads ends with the day.
    const free = { owner, state: 'ready', messageId: { $exists: false } };
    const kept = { ...file, doctorId, attached: true as const, subject: owner };
    if (!(await files.replace(free, kept))) throw new AppError('NOT_FOUND', 'no such file');
  }

  /** What a file is, for who may see what it belongs to; null when it is gone. */
  async described(id: string): Promise<Attachment | null> {
    const file = await this.#deps.repos.files.get(id);
    return file?.state === 'ready' ? attachmentOf(file) : null;
  }

  /** The message was refused: its files are free again. */
  async unclaim({ owner, messageId }: Claim, ids: readonly string[]): Promise<void> {
    const filter = { _id: { $in: [...ids] }, owner, messageId };
    if (ids.length > 0) {
      await this.#deps.repos.files.updateMany(filter, { $unset: { threadId: '', messageId: '' } });
    }
  }

  /** The message is in the log: its files stay. */
  async attached(messageId: string): Promise<void> {
    await this.#deps.repos.files.updateMany({ messageId }, { $set: { attached: true } });
  }

  /** A file for somebody who may see it: its uploader before it is posted, then who is in the thread, until it is taken back. */
  async visible(access: Access, id: string): Promise<FileDoc> {
    const file = await this.#deps.repos.files.get(id);
    if (file?.state === 'ready' && file.doctorId !== undefined) {
      // Papers of an application: for whose they are, and for who judges them.
      if (file.owner === access.accountId || access.has('admin')) return file;
    } else if (file?.state === 'ready') {
      if (file.threadId === undefined || file.messageId === undefined) {
        if (file.owner === access.accountId) return file;
      } else {
        await access.threads.one(file.threadId);
        const message = await this.#deps.messages.one(file.threadId, file.messageId);
        if (message?.attachments?.some((one) => one.id === id)) return file;
      }
    }
    throw new AppError('NOT_FOUND', 'no such file');
  }

  /** The content from `start` up to before `end`. @throws AppError ERASED. */
  read(file: FileDoc, range: { start: number; end: number }): Readable {
    if (range.end <= range.start) return Readable.from([]);
    if (file.contentKey === undefined) return this.#stored(file.contentId, range);
    return Readable.from(this.#reader(file, file.contentId, sealedSize(file.bytes)).range(range.start, range.end - 1));
  }

  /** The small picture. @throws AppError NOT_FOUND when there is none, ERASED. */
  thumbnail(file: FileDoc): Readable {
    const { thumbnailId, thumbnailBytes, contentKey } = file;
    if (thumbnailId === undefined) throw new AppError('NOT_FOUND', 'no such picture');
    if (contentKey === undefined || thumbnailBytes === undefined) return this.#stored(thumbnailId);
    return Readable.from(this.#reader(file, thumbnailId, thumbnailBytes).range());
  }

  #reader({ contentKey }: FileDoc, contentId: string, sealedBytes: number): SealedReader {
    if (typeof contentKey !== 'string') throw new AppError('ERASED', 'whom this was about was erased');
    return new SealedReader(Buffer.from(contentKey, 'base64'), contentId, sealedBytes, (offset, length) =>
      buffer(this.#stored(contentId, { start: offset, end: offset + length })),
    );
  }

  #stored(contentId: string, range?: { start: number; end: number }): Readable {
    return this.#bucket.openDownloadStream(new ObjectId(contentId), range);
  }

  /** Removes what no message holds after a day. Returns how many. */
  async purge(): Promise<number> {
    const { repos, messages, now } = this.#deps;
    const old = { createdAt: { $lt: now() - dayMs }, attached: { $exists: false } };
    let removed = 0;
    for (const file of await repos.files.many(old, { limit: 500 })) {
      const { threadId, messageId } = file;
      // The note that it is attached may only be late.
      if (threadId !== undefined && messageId !== undefined && (await messages.one(threadId, messageId))) {
        await this.attached(messageId);
        continue;
      }
      await this.#drop(file);
      removed += 1;
    }
    await this.#deps.keys.destroyBetween(uploads, uploadsOf(now() - uploadKeyDays * dayMs));
    return removed;
  }

  async #allow(owner: string): Promise<void> {
    const { repos, now } = this.#deps;
    const today = await repos.files.many({ owner, createdAt: { $gt: now() - dayMs } }, { limit: 2_000 });
    if (today.reduce((sum, file) => sum + file.bytes, 0) >= dailyBytes) {
      throw new AppError('RATE_LIMITED', 'enough for today', { retryAfterSeconds: 3_600 });
    }
  }

  /** Writes the content, sealed, while looking at it; returns its size. */
  async #store(content: ObjectId, { type, contentKey, contentId }: FileDoc, body: Readable): Promise<number> {
    const upload = this.#bucket.openUploadStreamWithId(content, 'content');
    upload.on('error', () => undefined);
    try {
      let bytes = 0;
      const counted = async function* (): AsyncGenerator<Uint8Array> {
        for await (const chunk of inspected(type, body)) {
          bytes += chunk.length;
          yield chunk;
        }
      };
      for await (const chunk of sealedPieces(keyOf(contentKey), contentId, counted())) {
        // Waited for one by one: after a failure nothing is still on its way to the database.
        await settled((done) => upload.write(chunk, done));
      }
      await settled((done) => upload.end(done));
      return bytes;
    } catch (error) {
      await upload.abort().catch(() => undefined);
      throw error;
    }
  }

  /** Size and thumbnail of a picture just stored; one at a time, they are large in memory. */
  async #draw(file: FileDoc, thumbnail: string): Promise<Pick<FileDoc, 'width' | 'height' | 'thumbnailBytes'>> {
    const work = this.#drawing.then(async () => {
      const picture = await pictureOf(await buffer(this.read(file, { start: 0, end: file.bytes })));
      if (!picture) throw new AppError('UNSUPPORTED_MEDIA_TYPE', 'this picture cannot be read');
      const upload = this.#bucket.openUploadStreamWithId(new ObjectId(thumbnail), 'thumbnail');
      const pieces = sealedPieces(keyOf(file.contentKey), thumbnail, [picture.thumbnail]);
      const sealed = await buffer(Readable.from(pieces));
      await settled((done) => upload.end(sealed, done));
      return { width: picture.width, height: picture.height, thumbnailBytes: sealed.length };
    });
    this.#drawing = work.catch(() => undefined);
    return await work;
  }

  /** Content first: a document without content is found again, content without a document never. */
  async #drop({ _id, contentId, thumbnailId }: FileDoc): Promise<void> {
    const { db, repos } = this.#deps;
    for (const one of [contentId, thumbnailId]) {
      if (one === undefined) continue;
      const id = new ObjectId(one);
      await db.collection('uploads.chunks').deleteMany({ files_id: id });
      await db.collection('uploads.files').deleteOne({ _id: id });
    }
    await repos.files.remove({ _id, contentId });
  }
}

const uploads = 'uploads:';

/** Whose key seals what was uploaded on that day and not posted yet. */
function uploadsOf(at: number): string {
  return `${uploads}${new Date(at).toISOString().slice(0, 10)}`;
}

function keyOf(contentKey: string | null | undefined): Buffer {
  if (typeof contentKey !== 'string') throw new Error('a file without its key');
  return Buffer.from(contentKey, 'base64');
}

function attachmentOf({ _id: id, name, type, bytes, width, height, thumbnailId }: FileDoc): Attachment {
  const size = width !== undefined && height !== undefined ? { width, height } : {};
  return { id, name, type, bytes, thumbnail: thumbnailId !== undefined, ...size };
}

/** A stream's callback as a promise. */
async function settled(act: (done: (error?: Error | null) => void) => void): Promise<void> {
  await new Promise<void>((resolve, reject) => act((error) => (error ? reject(error) : resolve())));
}
