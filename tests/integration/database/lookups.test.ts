import { afterAll, beforeAll, expect, test } from 'vitest';
import { Lookups } from '../../../server/store/Lookups.ts';
import type { Doc } from '../../../server/store/mongo.ts';
import { testDatabase, type TestDatabase } from '../../support/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());

test('a crowd of look-ups shares queries, and everyone gets their own document, or null', async () => {
  const collection = database.db.collection<Doc>('things');
  await collection.insertMany(Array.from({ length: 50 }, (_, i) => ({ _id: `id${i}`, i })));
  const lookups = new Lookups(collection);
  const asked = Array.from({ length: 400 }, (_, i) => i % 60);
  const found = await Promise.all(asked.map((i) => lookups.get(`id${i}`)));
  expect(found.map((doc) => doc?.['i'] ?? null)).toEqual(asked.map((i) => (i < 50 ? i : null)));
});

test('nobody gets news from before they asked, however busy it is', async () => {
  const collection = database.db.collection<Doc>('counters');
  await collection.insertOne({ _id: 'n', value: 0 });
  const lookups = new Lookups(collection);
  let busy = true;
  const crowd = Array.from({ length: 20 }, async () => {
    while (busy) await lookups.get('n');
  });
  for (let value = 1; value <= 100; value++) {
    await collection.updateOne({ _id: 'n' }, { $set: { value } });
    expect((await lookups.get('n'))?.['value']).toBe(value);
  }
  busy = false;
  await Promise.all(crowd);
});
