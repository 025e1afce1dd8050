import { MongoBulkWriteError, type Collection } from 'mongodb';
import { z } from 'zod';
import { done, Grouped, type Outcome } from '../../support/Grouped.ts';
import { durable, type Doc } from '../mongo.ts';
import type { StoredEvent } from './log.ts';

const duplicate = 11_000;

/** Each refused document with its own code: in an unordered write the others are in. */
const writeErrors = z.array(z.object({ index: z.int(), code: z.int() }));

/**
 * Appends lone events of different streams together: one write and one wait for the disk for all of them, where each
 * would have its own. They do not depend on each other, so each succeeds or fails alone. A stream has one event at most
 * under way here, since its mailbox waits for the answer.
 */
export class Singles {
  readonly #events: Collection<Doc>;
  /** False: another event holds the seq or carries the command. */
  readonly #appends: Grouped<StoredEvent, boolean>;

  constructor(events: Collection<Doc>) {
    this.#events = events;
    this.#appends = new Grouped({ atOnce: 3, mostTogether: 256, run: (group) => this.#write(group) });
  }

  /** @returns whether it got in. Any other failure is thrown: then nobody knows, re-read. */
  append(event: StoredEvent): Promise<boolean> {
    return this.#appends.put(event);
  }

  async #write(group: readonly StoredEvent[]): Promise<Outcome<boolean>[]> {
    try {
      await this.#events.insertMany(
        group.map((event) => ({ ...event })),
        { ordered: false, writeConcern: durable },
      );
      return group.map(() => done(true));
    } catch (error) {
      const refused = error instanceof MongoBulkWriteError ? writeErrors.safeParse([error.writeErrors].flat()) : null;
      // Without a list of who was refused nobody knows anything.
      if (!refused?.success || refused.data.length === 0) throw error;
      const codes = new Map(refused.data.map(({ index, code }) => [index, code]));
      return group.map((_event, index) => {
        const code = codes.get(index);
        return code === undefined || code === duplicate ? done(code === undefined) : { ok: false, error };
      });
    }
  }
}
