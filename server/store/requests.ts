import { createHash } from 'node:crypto';
import type { Collection, Db } from 'mongodb';
import { z } from 'zod';
import { AppError } from '../../shared/errors.ts';
import { reply as replySchema, type Reply } from '../../shared/contract/wire.ts';
import { isDuplicateKey, type Doc } from './mongo.ts';

const keepMs = 24 * 3600_000;
/** A pending request older than this belongs to a process that died. */
const takeOverMs = 15_000;

const stored = z.object({
  _id: z.string(),
  print: z.string(),
  at: z.number(),
  reply: replySchema.optional(),
});

/**
 * The door's memory of commands whose repeat no stream recognises: the first reply is stored and replayed.
 * Commands marked `once: 'stream'` carry their request id in the event instead and do not pass here.
 */
export class Requests {
  readonly #collection: Collection<Doc>;
  readonly #now: () => number;

  constructor(db: Db, now: () => number) {
    this.#collection = db.collection<Doc>('requests');
    this.#now = now;
  }

  /**
   * Runs `handle` once per key and answers repeats with the first reply.
   * @throws AppError REQUEST_REUSED when the key came before with another operation or input.
   * @throws AppError CONFLICT when the first is still under way.
   */
  async once(key: string, operation: string, input: unknown, handle: () => Promise<Reply>): Promise<Reply> {
    const print = createHash('sha256').update(operation).update(JSON.stringify(input)).digest('base64url');
    const at = this.#now();
    try {
      await this.#collection.insertOne({ _id: key, print, at, expireAt: new Date(at + keepMs) });
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
      const found = await this.#collection.findOne({ _id: key });
      // Gone meanwhile: the first one failed for a passing reason. Now this is the first.
      if (!found) return await this.once(key, operation, input, handle);
      const first = stored.parse(found);
      if (first.print !== print) throw new AppError('REQUEST_REUSED', 'this request id was used for something else');
      if (first.reply) return first.reply;
      const taken = await this.#collection.updateOne(
        { _id: key, at: { $lt: at - takeOverMs }, reply: { $exists: false } },
        { $set: { at } },
      );
      if (taken.modifiedCount === 0) throw new AppError('CONFLICT', 'the same request is being worked on');
    }
    const result = await handle();
    // A failure that may pass (no database, a bug) is not a final answer: the retry shall try again.
    const final = result.ok || !['INTERNAL', 'UNAVAILABLE', 'TIMEOUT'].includes(result.error.code);
    if (final) await this.#collection.updateOne({ _id: key }, { $set: { reply: result } });
    else await this.#collection.deleteOne({ _id: key });
    return result;
  }
}
