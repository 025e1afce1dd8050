import { MongoServerError } from 'mongodb';
import { describe, expect, it } from 'vitest';
import { codeOf, useDatabase } from './support.ts';

const fixture = useDatabase();
const tally = (codes: readonly (number | string)[]): Record<string, number> => {
  const found: Record<string, number> = {};
  for (const code of codes) found[code] = (found[code] ?? 0) + 1;
  return found;
};

interface Token {
  _id?: string;
  session: string;
  number: number;
  open?: boolean;
  phone?: string;
}

async function tokens(name: string) {
  const collection = fixture.db.collection<Token>(name);
  await collection.createIndex({ session: 1, number: 1 }, { unique: true });
  await collection.createIndex(
    { phone: 1 },
    { unique: true, partialFilterExpression: { open: true }, name: 'one_open_per_phone' },
  );
  return collection;
}

describe('a unique index', () => {
  it('refuses with 11000 and says which key, on insert, update, upsert and findOneAndUpdate', async () => {
    const collection = await tokens('unique');
    await collection.insertMany([
      { _id: 'a', session: 's', number: 1 },
      { _id: 'b', session: 's', number: 2 },
    ]);
    const failure: unknown = await collection.insertOne({ session: 's', number: 1 }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(MongoServerError);
    expect(failure).toMatchObject({
      code: 11000,
      keyPattern: { session: 1, number: 1 },
      keyValue: { session: 's', number: 1 },
    });
    expect(String(failure)).toMatch(
      /E11000 duplicate key error collection: .*\.unique index: session_1_number_1 dup key/,
    );
    expect(await codeOf(collection.updateOne({ _id: 'b' }, { $set: { number: 1 } }))).toBe(11000);
    expect(
      await codeOf(collection.updateOne({ _id: 'c' }, { $set: { session: 's', number: 1 } }, { upsert: true })),
    ).toBe(11000);
    expect(await codeOf(collection.replaceOne({ _id: 'b' }, { session: 's', number: 1 }))).toBe(11000);
    const modified: unknown = await collection
      .findOneAndUpdate({ _id: 'd' }, { $set: { session: 's', number: 2 } }, { upsert: true })
      .catch((error: unknown) => error);
    expect(modified).toMatchObject({ code: 11000, keyPattern: { session: 1, number: 1 } });
    expect(await codeOf(collection.findOneAndUpdate({ _id: 'b' }, { $inc: { number: -1 } }))).toBe(11000);
    expect(await collection.countDocuments()).toBe(2);
  });

  it('with a partial filter binds only the documents that match it', async () => {
    const collection = await tokens('partial');
    await collection.insertOne({ _id: 'a', session: 's', number: 1, phone: '1', open: true });
    await collection.insertOne({ _id: 'b', session: 's', number: 2, phone: '1', open: false });
    await collection.insertOne({ _id: 'c', session: 's', number: 3 });
    await collection.insertOne({ _id: 'd', session: 's', number: 4 });
    expect(await codeOf(collection.insertOne({ session: 's', number: 5, phone: '1', open: true }))).toBe(11000);
    expect(await codeOf(collection.updateOne({ _id: 'b' }, { $set: { open: true } }))).toBe(11000);
    await collection.updateOne({ _id: 'a' }, { $set: { open: false } });
    expect(await collection.updateOne({ _id: 'b' }, { $set: { open: true } })).toMatchObject({ modifiedCount: 1 });
  });

  it('is not built over duplicates', async () => {
    const collection = fixture.db.collection<{ n: number }>('build');
    await collection.insertMany([{ n: 1 }, { n: 1 }]);
    expect(await codeOf(collection.createIndex({ n: 1 }, { unique: true }))).toBe(11000);
    await collection.deleteOne({ n: 1 });
    await collection.createIndex({ n: 1 }, { unique: true });
    expect(await codeOf(collection.insertOne({ n: 1 }))).toBe(11000);
  });

  it('lets exactly one of 50 concurrent inserts win, five times', async () => {
    const collection = await tokens('races');
    for (let round = 0; round < 5; round++) {
      const codes = await Promise.all(
        Array.from({ length: 50 }, () => codeOf(collection.insertOne({ session: 's', number: round }))),
      );
      expect(tally(codes)).toEqual({ 'no error': 1, '11000': 49 });
    }
    expect(await collection.countDocuments()).toBe(5);
  });

  it('lets exactly one of 50 concurrent upserts create, on _id and on another key', async () => {
    const collection = await tokens('upsert_races');
    const byId = await Promise.all(
      Array.from({ length: 50 }, () =>
        collection.updateOne({ _id: 'x' }, { $setOnInsert: { session: 's' }, $inc: { number: 1 } }, { upsert: true }),
      ).map((update) => update.catch(() => undefined)),
    );
    expect(byId.filter((result) => result?.upsertedCount === 1)).toHaveLength(1);
    // As in MongoDB, a racing upsert may be refused (11000) but never applied twice.
    const applied = byId.filter((result) => result !== undefined).length;
    expect(await collection.findOne({ _id: 'x' })).toMatchObject({ number: applied });
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        codeOf(collection.updateOne({ session: 't', number: 7 }, { $set: { phone: String(n) } }, { upsert: true })),
      ),
    );
    expect(Object.keys(tally(outcomes)).filter((code) => code !== 'no error' && code !== '11000')).toEqual([]);
    expect(await collection.countDocuments({ session: 't' })).toBe(1);
  });
});

describe('compare and set', () => {
  it('lets one of 50 win with findOneAndUpdate, five times', async () => {
    const collection = fixture.db.collection<{ _id: string; seq: number; by?: number }>('cas');
    await collection.insertOne({ _id: 'queue', seq: 0 });
    for (let seq = 0; seq < 5; seq++) {
      const results = await Promise.all(
        Array.from({ length: 50 }, (_, by) =>
          collection.findOneAndUpdate(
            { _id: 'queue', seq },
            { $set: { seq: seq + 1, by } },
            { returnDocument: 'after' },
          ),
        ),
      );
      expect(results.filter((result) => result !== null)).toHaveLength(1);
    }
    expect(await collection.findOne({ _id: 'queue' })).toMatchObject({ seq: 5 });
  });

  it('lets one of 50 win with updateOne', async () => {
    const collection = fixture.db.collection<{ _id: string; seq: number }>('cas_update');
    await collection.insertOne({ _id: 'queue', seq: 0 });
    const results = await Promise.all(
      Array.from({ length: 50 }, () => collection.updateOne({ _id: 'queue', seq: 0 }, { $set: { seq: 1 } })),
    );
    expect(results.filter((result) => result.modifiedCount === 1)).toHaveLength(1);
  });

  it('loses no increment among 200 concurrent ones, and counts gaplessly by insert and retry', async () => {
    const counters = fixture.db.collection<{ _id: string; n: number }>('counters');
    await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        counters
          .updateOne({ _id: `c${index % 2}` }, { $inc: { n: 1 } }, { upsert: true })
          .catch(async () => counters.updateOne({ _id: `c${index % 2}` }, { $inc: { n: 1 } })),
      ),
    );
    expect((await counters.find().toArray()).map(({ n }) => n)).toEqual([100, 100]);
    const serials = fixture.db.collection<{ _id: number }>('serials');
    const take = async (): Promise<number> => {
      for (;;) {
        const last = await serials.findOne({}, { sort: { _id: -1 } });
        const next = (last?._id ?? 0) + 1;
        const code = await codeOf(serials.insertOne({ _id: next }));
        if (code === 'no error') return next;
        if (code !== 11000) throw new Error(String(code));
      }
    };
    const taken = await Promise.all(Array.from({ length: 30 }, take));
    expect(taken.sort((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, n) => n + 1));
  });
});
