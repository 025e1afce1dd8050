import type { Collection } from 'mongodb';
import { done, Grouped } from '../support/Grouped.ts';
import type { Doc } from './mongo.ts';
import type { StoredEffect } from './streams/log.ts';

interface Mark {
  readonly id: string;
  readonly effects: readonly StoredEffect[];
}

/** Notes that all effects of an event are done. Those that wait are noted together: one write instead of one each. */
export class DoneMarks {
  readonly #events: Collection<Doc>;
  readonly #marks: Grouped<Mark, undefined>;

  constructor(events: Collection<Doc>) {
    this.#events = events;
    this.#marks = new Grouped({
      atOnce: 2,
      mostTogether: 256,
      run: async (marks) => {
        await this.#write(marks);
        return marks.map(() => done(undefined));
      },
    });
  }

  /** Resolves when it is noted. */
  async note(id: string, effects: readonly StoredEffect[]): Promise<void> {
    await this.#marks.put({ id, effects });
  }

  async #write(marks: readonly Mark[]): Promise<void> {
    const change = ({ id, effects }: Mark) => ({
      filter: { _id: id },
      update: { $set: { effects: [...effects] }, $unset: { due: '' as const } },
    });
    const [only] = marks;
    if (only && marks.length === 1) {
      const { filter, update } = change(only);
      await this.#events.updateOne(filter, update);
      return;
    }
    await this.#events.bulkWrite(
      marks.map((one) => ({ updateOne: change(one) })),
      { ordered: false },
    );
  }
}
