import { createHash } from 'node:crypto';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { buffer } from 'node:stream/consumers';
import { GridFSBucket, ObjectId, type Db } from 'mongodb';
import type { OutputOf } from '../../shared/contract/index.ts';
import type { RecordingCard } from '../../shared/contract/recordings.ts';
import type { SpooledRecording } from '../../shared/contract/sfuRecording.ts';
import { AppError } from '../../shared/errors.ts';
import { sideOf } from '../consult/peers.ts';
import type { Nodes } from '../consult/Nodes.ts';
import type { PatientKeys } from '../keys/PatientKeys.ts';
import { SealedReader, SealingStream } from '../keys/sealedFile.ts';
import type { Access } from '../store/Access.ts';
import type { Repos } from '../store/Repos.ts';
import type { Logger } from '../support/logger.ts';
import type { RecordingDoc } from './documents.ts';
import type { NodeSpool } from './NodeSpool.ts';

export interface RecordingsDeps {
  readonly db: Db;
  readonly repos: Repos;
  readonly keys: PatientKeys;
  readonly nodes: Pick<Nodes, 'live'>;
  readonly spoolOf: (control: string) => NodeSpool;
  readonly log: Logger;
  readonly now: () => number;
  /** How long a recording is kept, ms. */
  readonly retentionMs: number;
}

/**
 * Recordings in the store, sealed with the patient's key. They are fetched from the media nodes, which keep theirs until
 * the hub has proved by length and hash what it stored; each step may be repeated by any hub.
 */
export class Recordings {
  readonly #deps: RecordingsDeps;
  readonly #bucket: GridFSBucket;
  #work: Promise<unknown> = Promise.resolve();

  constructor(deps: RecordingsDeps) {
    this.#deps = deps;
    this.#bucket = new GridFSBucket(deps.db, { bucketName: 'recordings' });
  }

  /**
   * Takes in what is complete on any node, of one room or all; what fails is tried again next time.
   * @returns whether more is to come: still being written, or on a node that did not answer.
   */
  async collect(room?: string): Promise<boolean> {
    const run = this.#work.then(() => this.#collectAll(room));
    this.#work = run.catch(() => undefined);
    return await run;
  }

  /** For the consultation's doctor only. What ended a moment ago is fetched first. */
  async list(access: Access, entryId: string): Promise<OutputOf<'recordings.list'>> {
    await this.#doctorsOwn(access, entryId);
    const pending = await this.collect(entryId);
    const found = await this.#deps.repos.recordings.many({ entryId }, { sort: { startedAt: 1 } });
    const cards = new Map<string, RecordingCard>();
    for (const { _id: id, recording, startedAt, expiresAt, peer, lengthMs, bytes, interrupted } of found) {
      const card = cards.get(recording) ?? { id: recording, startedAt, expiresAt, tracks: [] };
      card.tracks.push({ id, side: sideOf(peer), lengthMs, bytes, interrupted });
      cards.set(recording, card);
    }
    return { recordings: [...cards.values()], pending };
  }

  /** One speaker's sound, to be read from anywhere. @throws AppError NOT_FOUND unless the actor is the consultation's doctor. */
  async open(access: Access, id: string): Promise<SealedReader> {
    const doc = await this.#deps.repos.recordings.get(id);
    if (!doc) throw new AppError('NOT_FOUND', 'no such recording');
    await this.#doctorsOwn(access, doc.entryId);
    const key = await this.#deps.keys.keyOf(doc.patientId);
    return new SealedReader(key, id, doc.sealedBytes, (offset, length) =>
      buffer(
        this.#bucket.openDownloadStream(ObjectId.createFromHexString(doc.contentId), {
          start: offset,
          end: offset + length,
        }),
      ),
    );
  }

  /** Deletes what has been kept long enough. Returns how many. */
  async purge(): Promise<number> {
    const old = await this.#deps.repos.recordings.many({ expiresAt: { $lt: this.#deps.now() } }, { limit: 500 });
    for (const doc of old) {
      await this.#removeContent(doc.contentId);
      await this.#deps.repos.recordings.remove({ _id: doc._id });
    }
    return old.length;
  }

  async settled(): Promise<void> {
    await this.#work;
  }

  async #doctorsOwn(access: Access, entryId: string): Promise<void> {
    const { side } = await access.consultation(entryId);
    if (side !== 'doctor') throw new AppError('NOT_FOUND', 'no such recording');
  }

  async #collectAll(room: string | undefined): Promise<boolean> {
    let pending = false;
    for (const { control } of this.#deps.nodes.live()) {
      const spool = this.#deps.spoolOf(control);
      try {
        for (const found of await spool.list()) {
          if (room !== undefined && found.room !== room) continue;
          if (found.complete) await this.#take(spool, found);
          else pending = true;
        }
      } catch (error) {
        pending = true;
        this.#deps.log.warn({ err: error, control }, 'recordings not collected; trying again');
      }
    }
    return pending;
  }

  async #take(spool: NodeSpool, found: SpooledRecording): Promise<void> {
    const doc = (await this.#deps.repos.recordings.get(found.id)) ?? (await this.#store(spool, found));
    if (doc) await spool.stored(found.id, doc.bytes, doc.sha256);
  }

  async #store(spool: NodeSpool, found: SpooledRecording): Promise<RecordingDoc | null> {
    const { repos, keys, now, retentionMs } = this.#deps;
    const place = await repos.places.get(found.room);
    if (!place) throw new Error('a recording of a consultation that is not known');
    const content = new ObjectId();
    const hash = createHash('sha256');
    let [bytes, sealedBytes] = [0, 0];
    const count = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        sealedBytes += chunk.length;
        done(null, chunk);
      },
    });
    const plain = Readable.from(
      (async function* () {
        for await (const piece of spool.content(found)) {
          hash.update(piece);
          bytes += piece.length;
          yield piece;
        }
      })(),
    );
    const sealing = new SealingStream(await keys.keyOf(place.patientId), found.id);
    try {
      await pipeline(plain, sealing, count, this.#bucket.openUploadStreamWithId(content, found.id));
      const doc: RecordingDoc = {
        _id: found.id,
        recording: found.recording,
        entryId: found.room,
        patientId: place.patientId,
        doctorId: place.doctorId,
        peer: found.peer,
        epoch: found.epoch,
        startedAt: found.startedAt,
        lengthMs: found.lengthMs,
        bytes,
        sha256: hash.digest('hex'),
        contentId: content.toHexString(),
        sealedBytes,
        interrupted: found.interrupted,
        storedAt: now(),
        expiresAt: found.startedAt + retentionMs,
      };
      if (await repos.recordings.insert(doc)) return doc;
      // Another hub was faster: theirs stands.
      await this.#removeContent(doc.contentId);
      return await repos.recordings.get(found.id);
    } catch (error) {
      await this.#removeContent(content.toHexString());
      throw error;
    }
  }

  async #removeContent(contentId: string): Promise<void> {
    // Never begun, or removed by somebody who was interrupted afterwards.
    await this.#bucket.delete(ObjectId.createFromHexString(contentId)).catch(() => undefined);
  }
}
