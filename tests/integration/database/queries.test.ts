import { GridFSBucket, Long, MongoClient } from 'mongodb';
import { randomBytes } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { finished } from 'node:stream/promises';
import { z } from 'zod';
import { beforeAll, describe, expect, it } from 'vitest';
import { codeOf, useDatabase } from './support.ts';

const fixture = useDatabase();
const Page = z.object({
  cursor: z.object({
    id: z.number().transform((id) => Long.fromNumber(id)),
    nextBatch: z.array(z.unknown()).optional(),
  }),
});

describe('aggregation', () => {
  interface Visit {
    _id: number;
    doctor: string;
    minutes: number;
  }
  beforeAll(async () => {
    await fixture.db.collection<Visit>('visits').insertMany([
      { _id: 1, doctor: 'a', minutes: 10 },
      { _id: 2, doctor: 'a', minutes: 20 },
      { _id: 3, doctor: 'b', minutes: 5 },
      { _id: 4, doctor: 'c', minutes: 1 },
    ]);
    await fixture.db.collection<{ _id: string; name: string }>('doctors').insertMany([
      { _id: 'a', name: 'Asha' },
      { _id: 'b', name: 'Bala' },
    ]);
  });

  it('matches, groups and sorts', async () => {
    const result = await fixture.db
      .collection('visits')
      .aggregate([
        { $match: { minutes: { $gt: 1 } } },
        { $group: { _id: '$doctor', total: { $sum: '$minutes' }, mean: { $avg: '$minutes' }, all: { $push: '$_id' } } },
        { $sort: { total: -1 } },
      ])
      .toArray();
    expect(result).toEqual([
      { _id: 'a', total: 30, mean: 15, all: [1, 2] },
      { _id: 'b', total: 5, mean: 5, all: [3] },
    ]);
  });

  it('joins with $lookup, also by pipeline', async () => {
    const joined = await fixture.db
      .collection('visits')
      .aggregate([
        { $lookup: { from: 'doctors', localField: 'doctor', foreignField: '_id', as: 'd' } },
        { $unwind: { path: '$d', preserveNullAndEmptyArrays: true } },
        { $project: { name: '$d.name' } },
        { $sort: { _id: 1 } },
      ])
      .toArray();
    expect(joined).toEqual([{ _id: 1, name: 'Asha' }, { _id: 2, name: 'Asha' }, { _id: 3, name: 'Bala' }, { _id: 4 }]);
    const counted = await fixture.db
      .collection('doctors')
      .aggregate([
        {
          $lookup: {
            from: 'visits',
            let: { id: '$_id' },
            pipeline: [{ $match: { $expr: { $eq: ['$doctor', '$$id'] } } }, { $count: 'n' }],
            as: 'visits',
          },
        },
        { $sort: { _id: 1 } },
      ])
      .toArray();
    expect(counted.map((row): unknown => row['visits'])).toEqual([[{ n: 2 }], [{ n: 1 }]]);
  });

  it('answers several questions with $facet', async () => {
    const [facets] = await fixture.db
      .collection('visits')
      .aggregate([
        {
          $facet: {
            count: [{ $count: 'n' }],
            longest: [{ $sort: { minutes: -1 } }, { $limit: 1 }, { $project: { minutes: 1 } }],
          },
        },
      ])
      .toArray();
    expect(facets).toEqual({ count: [{ n: 4 }], longest: [{ _id: 2, minutes: 20 }] });
  });
});

describe('cursors', () => {
  const documents = Array.from({ length: 1_000 }, (_, n) => ({ _id: n, pad: 'x'.repeat(100) }));
  const rows = () => fixture.db.collection<{ _id: number; pad: string }>('rows');
  beforeAll(async () => {
    await rows().insertMany(documents);
  });

  it('deliver every document once over several batches: plain, filtered, sorted, aggregated', async () => {
    expect((await rows().find().batchSize(37).toArray()).map(({ _id }) => _id).sort((a, b) => a - b)).toEqual(
      documents.map(({ _id }) => _id),
    );
    expect(
      await rows()
        .find({ _id: { $gte: 500 } })
        .batchSize(7)
        .toArray(),
    ).toHaveLength(500);
    expect(
      (
        await rows()
          .find({}, { sort: { _id: -1 }, batchSize: 33 })
          .toArray()
      ).map(({ _id }) => _id),
    ).toEqual(documents.map(({ _id }) => _id).reverse());
    const grouped = await rows()
      .aggregate([{ $group: { _id: { $mod: ['$_id', 250] }, n: { $sum: 1 } } }], { batchSize: 9 })
      .toArray();
    expect(grouped).toHaveLength(250);
    expect(
      await rows()
        .find({}, { sort: { _id: 1 }, skip: 10, limit: 25, batchSize: 10 })
        .toArray(),
    ).toEqual(documents.slice(10, 35));
    expect(await rows().find().limit(5).toArray()).toHaveLength(5);
  });

  it('deliver documents of several megabytes', async () => {
    const big = fixture.db.collection<{ _id: number; data: Buffer }>('big');
    const data = randomBytes(6 * 1024 * 1024);
    for (let n = 0; n < 4; n++) await big.insertOne({ _id: n, data });
    const lengths: number[] = [];
    for await (const row of big.find({}, { promoteBuffers: true })) lengths.push(row.data.length);
    expect(lengths).toEqual(Array.from({ length: 4 }, () => data.length));
  });

  it('may be continued on another connection and killed there; unknown ones are 43', async () => {
    const other = await new MongoClient(fixture.uri).connect();
    try {
      const db = other.db(fixture.db.databaseName);
      for (const sort of [{}, { pad: 1, _id: 1 }]) {
        const first = await fixture.db.command({ find: 'rows', sort, batchSize: 10 });
        const { id } = Page.parse(first).cursor;
        const more = await db.command({ getMore: id, collection: 'rows', batchSize: 10 });
        expect(Page.parse(more).cursor.nextBatch).toHaveLength(10);
        expect(await codeOf(db.command({ getMore: id, collection: 'visits' }))).toBe(43);
        expect(await db.command({ killCursors: 'rows', cursors: [id] })).toMatchObject({
          ok: 1,
          cursorsKilled: [id.toNumber()],
        });
        expect(await codeOf(db.command({ getMore: id, collection: 'rows' }))).toBe(43);
        expect(await db.command({ killCursors: 'rows', cursors: [id] })).toMatchObject({
          cursorsNotFound: [id.toNumber()],
        });
      }
    } finally {
      await other.close();
    }
  });

  it('of 40 readers at once do not mix', async () => {
    const lengths = await Promise.all(
      Array.from({ length: 40 }, async (_, n) => {
        const found = await rows()
          .find({ _id: { $gte: n } }, { sort: { pad: 1, _id: 1 }, batchSize: 100 })
          .toArray();
        return found[0]?._id === n ? found.length : 0;
      }),
    );
    expect(lengths).toEqual(Array.from({ length: 40 }, (_, n) => 1_000 - n));
  });
});

describe('indexes', () => {
  it('of every kind we use are created, listed and dropped', async () => {
    const collection = fixture.db.collection<{ a: number; b: number; at: Date; title: string }>('indexed');
    await collection.createIndexes([
      { key: { a: 1, b: -1 }, name: 'compound' },
      { key: { at: 1 }, name: 'expiry', expireAfterSeconds: 3_600 },
      { key: { b: 1 }, name: 'partial', partialFilterExpression: { b: { $gt: 5 } } },
      { key: { 'nested.path': 1 }, name: 'nested', sparse: true },
      { key: { title: 'text' }, name: 'words' },
    ]);
    const listed = await collection.listIndexes().toArray();
    expect(listed.map(({ name }) => String(name)).sort()).toEqual([
      '_id_',
      'compound',
      'expiry',
      'nested',
      'partial',
      'words',
    ]);
    expect(listed).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: 'compound', key: { a: 1, b: -1 } }),
        expect.objectContaining({ name: 'expiry', expireAfterSeconds: 3_600 }),
        expect.objectContaining({ name: 'partial', partialFilterExpression: { b: { $gt: 5 } } }),
      ]),
    );
    await collection.insertOne({ a: 1, b: 9, at: new Date(), title: 'fever and cough' });
    expect(await collection.findOne({ $text: { $search: 'cough' } })).toMatchObject({ a: 1 });
    expect(await collection.createIndex({ a: 1, b: -1 }, { name: 'compound' })).toBe('compound');
    expect(await codeOf(collection.createIndex({ a: 1, b: -1 }, { name: 'compound', unique: true }))).toBe(86);
    await collection.dropIndex('compound');
    expect(await codeOf(collection.dropIndex('compound'))).toBe(27);
    await collection.dropIndexes();
    expect(await collection.indexes()).toHaveLength(1);
  });
});

describe('GridFS', () => {
  it('stores, streams in ranges and deletes a file', async () => {
    const bucket = new GridFSBucket(fixture.db, { bucketName: 'files' });
    const content = randomBytes(3_000_000).toString('base64');
    const upload = bucket.openUploadStream('scan.txt', { metadata: { patient: 'ND-1' } });
    upload.end(content);
    await finished(upload);
    expect(await text(bucket.openDownloadStream(upload.id))).toBe(content);
    expect(await text(bucket.openDownloadStream(upload.id, { start: 1_000_000, end: 1_000_100 }))).toBe(
      content.slice(1_000_000, 1_000_100),
    );
    expect(await bucket.find({ 'metadata.patient': 'ND-1' }).toArray()).toMatchObject([
      { filename: 'scan.txt', length: content.length },
    ]);
    await bucket.delete(upload.id);
    expect(await fixture.db.collection('files.chunks').countDocuments()).toBe(0);
  });
});
