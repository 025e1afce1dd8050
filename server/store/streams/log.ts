import { MongoBulkWriteError, type Collection, type Db } from 'mongodb';
import { z } from 'zod';
import { durable, isDuplicateKey, type Doc } from '../mongo.ts';
import { Singles } from './Singles.ts';
import type { StreamEvent } from './types.ts';

const effectState = z.enum(['pending', 'done', 'dead']);
export const storedEffect = z.object({
  id: z.string(),
  kind: z.string(),
  data: z.record(z.string(), z.unknown()),
  state: effectState,
  attempts: z.int(),
});
export type StoredEffect = z.infer<typeof storedEffect>;

/** Effects are left to whoever wrote the event, or took them up, for this long, ms; then to anybody. */
export const effectLeaseMs = 15_000;

/**
 * An event as stored. `_id` = stream/epoch/seq, zero-padded: the unique key *and* the reading order. Epochs are 1, or the second (UTC) of a
 * restore, ten digits: in text as in numbers the later one is greater.
 */
export const storedEvent = z.object({
  _id: z.string(),
  stream: z.string(),
  epoch: z.int(),
  seq: z.int(),
  at: z.number(),
  v: z.int(),
  type: z.string(),
  data: z.unknown(),
  /** Whose key seals the clinical fields of `data`; absent when they stand in the clear. */
  sealedFor: z.string().optional(),
  cmd: z.string().optional(),
  by: z.object({ accountId: z.string(), role: z.string() }),
  hub: z.string(),
  effects: z.array(storedEffect).optional(),
  /** When the next pending effect is due, UTC ms; absent when none is. */
  due: z.number().optional(),
});
export type StoredEvent = z.infer<typeof storedEvent>;

const pad = (value: number, width: number): string => String(value).padStart(width, '0');
export const eventId = (stream: string, epoch: number, seq: number): string =>
  `${stream}/${pad(epoch, 4)}/${pad(seq, 10)}`;

const writeErrors = z.array(z.object({ index: z.int() }));

/** Names the epoch that streams begin in, in the list of streams; 1 without it. A restore raises it. */
export const baseEpoch = '*';

/** How far an ordered append got. */
export interface Appended {
  readonly count: number;
  /** What stopped it: another event holds the next seq or carries the same command. */
  readonly conflict: boolean;
}

/** Seals what is clinical in events at the edge of the store; see `server/keys/EventSealer.ts`. */
export interface EventSealing {
  seal(events: readonly StoredEvent[]): Promise<StoredEvent[]>;
  open(events: readonly StoredEvent[]): Promise<StoredEvent[]>;
}
const unsealed: EventSealing = {
  seal: (events) => Promise.resolve([...events]),
  open: (events) => Promise.resolve([...events]),
};

/** The append-only event log in MongoDB. Knows nothing of what events mean. */
export class EventLog {
  readonly #events: Collection<Doc>;
  readonly #streams: Collection<Doc>;
  readonly #singles: Singles;
  readonly #sealing: EventSealing;

  constructor(db: Db, sealing: EventSealing = unsealed) {
    this.#sealing = sealing;
    this.#events = db.collection<Doc>('events');
    this.#streams = db.collection<Doc>('streams');
    this.#singles = new Singles(this.#events);
  }

  /** The epoch of a stream; a restore from backup raises it. */
  async epoch(stream: string): Promise<number> {
    const found = await this.#streams.findOne({ _id: stream });
    if (found) return z.int().parse(found['epoch']);
    const base = await this.#streams.findOne({ _id: baseEpoch });
    const epoch = base ? z.int().parse(base['epoch']) : 1;
    try {
      await this.#streams.insertOne({ _id: stream, epoch });
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
      return await this.epoch(stream);
    }
    return epoch;
  }

  /** Events after `seq`, oldest first, over all epochs up to this one (seq continues over epochs). */
  async after(stream: string, epoch: number, seq: number): Promise<StoredEvent[]> {
    const from = seq === 0 ? `${stream}/` : eventId(stream, epoch, seq);
    const found = await this.#events
      .find({ _id: { $gt: from, $lt: `${stream}0` } })
      .sort({ _id: 1 })
      .toArray();
    return await this.#opened(found);
  }

  /** The newest `limit` events, oldest first. */
  async latest(stream: string, limit: number): Promise<StoredEvent[]> {
    const found = await this.#events
      .find({ _id: { $gt: `${stream}/`, $lt: `${stream}0` } })
      .sort({ _id: -1 })
      .limit(limit)
      .toArray();
    return await this.#opened(found.reverse());
  }

  /** Up to `limit` events before `seq`, oldest first; of these types only, when given. */
  async before(
    stream: string,
    epoch: number,
    seq: number,
    limit: number,
    types?: readonly string[],
  ): Promise<StoredEvent[]> {
    // Earlier epochs hold higher numbers than `seq`, too.
    const range = { _id: { $gt: `${stream}/`, $lt: eventId(stream, epoch, seq) }, seq: { $lt: seq } };
    const found = await this.#events
      .find(types ? { ...range, type: { $in: [...types] } } : range)
      .sort({ _id: -1 })
      .limit(limit)
      .toArray();
    return await this.#opened(found.reverse());
  }

  /** Events of a stream whose data name one of these values in this field, oldest first. */
  async naming(stream: string, field: string, values: readonly string[]): Promise<StoredEvent[]> {
    if (values.length === 0) return [];
    const found = await this.#events
      .find({ [`data.${field}`]: { $in: [...values] }, stream })
      .sort({ _id: 1 })
      .toArray();
    return await this.#opened(found);
  }

  async byCommand(stream: string, cmd: string): Promise<StoredEvent | null> {
    const found = await this.#events.findOne({ stream, cmd });
    return found ? ((await this.#opened([found]))[0] ?? null) : null;
  }

  /**
   * Appends in order, durably, up to the first conflict. Any other failure is thrown: then nobody knows, re-read.
   * @throws AppError ERASED, when nothing was written: the stream is about somebody who was erased.
   */
  async append(plain: readonly StoredEvent[]): Promise<Appended> {
    const events = await this.#sealing.seal(plain);
    const [only] = events;
    if (only && events.length === 1) {
      const appended = await this.#singles.append(only);
      return { count: appended ? 1 : 0, conflict: !appended };
    }
    try {
      await this.#events.insertMany(
        events.map((event) => ({ ...event })),
        { ordered: true, writeConcern: durable },
      );
      return { count: events.length, conflict: false };
    } catch (error) {
      if (!(error instanceof MongoBulkWriteError) || error.code !== 11000) throw error;
      const failed = writeErrors.parse([error.writeErrors].flat());
      return { count: failed[0]?.index ?? 0, conflict: true };
    }
  }

  async #opened(found: readonly Doc[]): Promise<StoredEvent[]> {
    return await this.#sealing.open(found.map((doc) => storedEvent.parse(doc)));
  }

  /** Heads of streams that were written to since `since` (UTC ms), by whichever hub: the answer to one's own may have got lost. */
  async writtenSince(since: number): Promise<Map<string, { epoch: number; seq: number }>> {
    const found = await this.#events
      .find({ at: { $gt: since } }, { projection: { stream: 1, epoch: 1, seq: 1 } })
      .toArray();
    const row = z.object({ stream: z.string(), epoch: z.int(), seq: z.int() });
    const heads = new Map<string, { epoch: number; seq: number }>();
    for (const doc of found) {
      const { stream, epoch, seq } = row.parse(doc);
      const head = heads.get(stream);
      if (!head || epoch > head.epoch || (epoch === head.epoch && seq > head.seq)) heads.set(stream, { epoch, seq });
    }
    return heads;
  }
}

/** What the rest of the hub sees of a stored event. */
export function toStreamEvent(stored: StoredEvent): StreamEvent {
  return { seq: stored.seq, at: stored.at, v: stored.v, type: stored.type, data: stored.data };
}
