import type { Db } from 'mongodb';
import type { Doc } from '../store/mongo.ts';
import type { AuditSource } from './verify.ts';

/** Records read at a time. */
const page = 2_000;

/** All records of a database in the order of chain and number, a page at a time. */
async function* pages(db: Db): AsyncGenerator<Doc> {
  const collection = db.collection<Doc>('audit');
  let after = '';
  for (;;) {
    const found = await collection
      .find({ _id: { $gt: after } })
      .sort({ _id: 1 })
      .limit(page)
      .toArray();
    yield* found;
    const last = found.at(-1);
    if (!last || found.length < page) return;
    after = last._id;
  }
}

/** The log of a database. */
export function databaseSource(db: Db): AuditSource {
  return {
    roots: async function* () {
      yield* db.collection<Doc>('audit').find({ root: true }).batchSize(500);
    },
    records: async function* () {
      for await (const { _id: id, ...raw } of pages(db)) yield { raw, id };
    },
  };
}
