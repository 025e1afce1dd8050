import { Binary, Decimal128, Double, Int32, Long, MongoBulkWriteError, ObjectId, Timestamp } from 'mongodb';
import { describe, expect, it } from 'vitest';
import { codeOf, useDatabase } from './support.ts';

const fixture = useDatabase();

interface Item {
  _id: number;
  n?: number;
  tags?: string[];
}
const items = (name: string) => fixture.db.collection<Item>(name);

describe('documents', () => {
  it('come back with every type they were written with', async () => {
    const document = {
      _id: new ObjectId(),
      int: new Int32(7),
      whole: new Double(7),
      long: Long.fromString('9007199254740993'),
      decimal: Decimal128.fromString('12.50'),
      date: new Date(0),
      binary: new Binary(Buffer.from([0, 255, 1]), 4),
      stamp: new Timestamp({ t: 5, i: 1 }),
      regex: /^a\/b/i,
      text: 'नाड़ी 🩺',
      none: null,
      nested: { list: [1, 'two', { three: [[]] }], empty: {} },
    };
    const collection = fixture.db.collection('types');
    await collection.insertOne(document);
    const raw = await collection.findOne({ _id: document._id }, { promoteValues: false, promoteLongs: false });
    expect(raw?.['int']).toBeInstanceOf(Int32);
    expect(raw?.['whole']).toBeInstanceOf(Double);
    expect(String(raw?.['long'])).toBe('9007199254740993');
    expect(await collection.findOne({ _id: document._id }, { promoteLongs: false })).toEqual({
      ...document,
      int: 7,
      whole: 7,
    });
  });

  it('are updated, replaced, deleted and counted', async () => {
    const collection = items('crud');
    await collection.insertMany([
      { _id: 1, n: 1 },
      { _id: 2, n: 2 },
      { _id: 3, n: 3 },
    ]);
    expect(await collection.updateOne({ _id: 1 }, { $inc: { n: 10 } })).toMatchObject({
      matchedCount: 1,
      modifiedCount: 1,
    });
    expect(await collection.updateOne({ _id: 1 }, { $set: { n: 11 } })).toMatchObject({
      matchedCount: 1,
      modifiedCount: 0,
    });
    expect(await collection.updateMany({ n: { $lt: 10 } }, { $push: { tags: 'low' } })).toMatchObject({
      modifiedCount: 2,
    });
    expect(await collection.replaceOne({ _id: 3 }, { n: 33 })).toMatchObject({ modifiedCount: 1 });
    expect(await collection.find({}, { sort: { n: -1 } }).toArray()).toEqual([
      { _id: 3, n: 33 },
      { _id: 1, n: 11 },
      { _id: 2, n: 2, tags: ['low'] },
    ]);
    expect(await collection.countDocuments({ n: { $gt: 5 } })).toBe(2);
    expect(await collection.estimatedDocumentCount()).toBe(3);
    expect((await collection.distinct('n')).sort((a, b) => Number(a) - Number(b))).toEqual([2, 11, 33]);
    expect(await collection.deleteOne({ _id: 1 })).toMatchObject({ deletedCount: 1 });
    expect(await collection.deleteMany({})).toMatchObject({ deletedCount: 2 });
    expect(await collection.findOne({ _id: 1 })).toBeNull();
  });

  it('are upserted once, with the id of the filter', async () => {
    const collection = items('upserts');
    expect(
      await collection.updateOne({ _id: 5 }, { $set: { n: 1 }, $setOnInsert: { tags: ['new'] } }, { upsert: true }),
    ).toMatchObject({ upsertedId: 5, upsertedCount: 1, matchedCount: 0 });
    expect(await collection.updateOne({ _id: 5 }, { $set: { n: 2 } }, { upsert: true })).toMatchObject({
      upsertedCount: 0,
      matchedCount: 1,
    });
    expect(await collection.find().toArray()).toEqual([{ _id: 5, n: 2, tags: ['new'] }]);
  });

  it('are found and modified in one step, before or after', async () => {
    const collection = items('fam');
    expect(
      await collection.findOneAndUpdate({ _id: 1 }, { $inc: { n: 1 } }, { upsert: true, returnDocument: 'after' }),
    ).toEqual({ _id: 1, n: 1 });
    expect(await collection.findOneAndUpdate({ _id: 1 }, { $inc: { n: 1 } }, { returnDocument: 'before' })).toEqual({
      _id: 1,
      n: 1,
    });
    expect(
      await collection.findOneAndReplace({ _id: 1 }, { n: 9 }, { returnDocument: 'after', projection: { _id: 0 } }),
    ).toEqual({ n: 9 });
    expect(await collection.findOneAndUpdate({ _id: 404 }, { $set: { n: 1 } })).toBeNull();
    const detailed = await collection.findOneAndUpdate(
      { _id: 2 },
      { $set: { n: 1 } },
      { upsert: true, includeResultMetadata: true },
    );
    expect(detailed.lastErrorObject).toMatchObject({ updatedExisting: false, upserted: 2 });
    expect(await collection.findOneAndDelete({ _id: 1 })).toEqual({ _id: 1, n: 9 });
  });

  it('take array filters, pipeline updates and bulk writes', async () => {
    const collection = fixture.db.collection<{ _id: number; list?: { k: number; v: number }[]; sum?: number }>(
      'operators',
    );
    await collection.insertOne({
      _id: 1,
      list: [
        { k: 1, v: 1 },
        { k: 2, v: 2 },
      ],
    });
    await collection.updateOne({ _id: 1 }, { $set: { 'list.$[e].v': 20 } }, { arrayFilters: [{ 'e.k': 2 }] });
    await collection.updateOne({ _id: 1 }, [{ $set: { sum: { $sum: '$list.v' } } }]);
    expect(await collection.findOne({ _id: 1 })).toEqual({
      _id: 1,
      list: [
        { k: 1, v: 1 },
        { k: 2, v: 20 },
      ],
      sum: 21,
    });
    const result = await collection.bulkWrite([
      { insertOne: { document: { _id: 2 } } },
      { updateOne: { filter: { _id: 3 }, update: { $set: { sum: 3 } }, upsert: true } },
      { deleteOne: { filter: { _id: 1 } } },
    ]);
    expect(result).toMatchObject({ insertedCount: 1, upsertedCount: 1, deletedCount: 1 });
  });
});

describe('insertMany', () => {
  const documents = [{ _id: 1 }, { _id: 2 }, { _id: 1 }, { _id: 3 }];

  it('stops at the first duplicate when ordered, and keeps what came before', async () => {
    const collection = items('ordered');
    const failure: unknown = await collection.insertMany(documents).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(MongoBulkWriteError);
    expect(failure).toMatchObject({ code: 11000, writeErrors: [{ index: 2, code: 11000 }], insertedCount: 2 });
    expect(await collection.find({}, { sort: { _id: 1 } }).toArray()).toEqual([{ _id: 1 }, { _id: 2 }]);
  });

  it('inserts all others when unordered', async () => {
    const collection = items('unordered');
    const failure: unknown = await collection
      .insertMany(documents, { ordered: false })
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 11000, writeErrors: [{ index: 2, code: 11000 }], insertedCount: 3 });
    expect(await collection.countDocuments()).toBe(3);
  });

  it("keeps the prefix of a large batch too, over the engine's own sub-batches", async () => {
    const collection = items('large');
    const many = Array.from({ length: 2_000 }, (_, index) => ({ _id: index === 1_500 ? 3 : index }));
    const failure: unknown = await collection.insertMany(many).catch((error: unknown) => error);
    expect(failure).toMatchObject({ writeErrors: [{ index: 1_500 }], insertedCount: 1_500 });
    expect(await collection.countDocuments()).toBe(1_500);
  });
});

describe('failures', () => {
  it('carry the codes of MongoDB', async () => {
    const collection = items('codes');
    await collection.insertOne({ _id: 1, n: 1 });
    expect(await codeOf(collection.updateOne({ _id: 1 }, { $nope: { n: 1 } }))).toBe(9);
    expect(await codeOf(collection.updateOne({ _id: 1 }, { $set: { _id: 2 } }))).toBe(66);
    expect(await codeOf(collection.find({ $nope: 1 }).toArray())).toBe(2);
    expect(await codeOf(collection.aggregate([{ $nope: 1 }]).toArray())).toBe(40324);
    expect(await codeOf(fixture.db.command({ nope: 1 }))).toBe(59);
    expect(await codeOf(fixture.db.command({ listIndexes: 'missing' }))).toBe(26);
    expect(await codeOf(fixture.db.command({ find: 5 }))).toBe(73);
    expect(
      await codeOf(fixture.db.command({ insert: 'codes', documents: [{ _id: 9 }], txnNumber: 1, autocommit: false })),
    ).toBe(20);
  });

  it('are not produced by writing to, dropping or reading what does not exist yet', async () => {
    expect(await items('absent').find().toArray()).toEqual([]);
    expect(await items('absent').countDocuments()).toBe(0);
    expect(await items('absent').deleteMany({})).toMatchObject({ deletedCount: 0 });
    expect(await items('absent').drop()).toBe(true);
    expect(await fixture.client.db('test_never_written').dropDatabase()).toBe(true);
  });
});

describe('collections', () => {
  it('are created, listed, and created by 50 first writers at once', async () => {
    const db = fixture.db;
    await db.createCollection('made');
    expect(await db.listCollections({ name: 'made' }).toArray()).toMatchObject([{ name: 'made', type: 'collection' }]);
    await Promise.all(Array.from({ length: 50 }, (_, n) => items('first_writers').insertOne({ _id: n })));
    expect(await items('first_writers').countDocuments()).toBe(50);
    const { databases } = await fixture.client.db('admin').admin().listDatabases();
    expect(databases.map(({ name }) => name)).toContain(db.databaseName);
  });
});
