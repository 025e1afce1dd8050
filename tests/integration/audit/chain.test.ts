import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { hashOf, recordId } from '../../../server/audit/chain.ts';
import { databaseSource } from '../../../server/audit/sources.ts';
import { verifyAudit, type Verified } from '../../../server/audit/verify.ts';
import type { Doc } from '../../../server/store/mongo.ts';
import { migrate } from '../../../server/store/migrations/index.ts';
import { testDatabase } from '../../support/database.ts';
import { act, newSigner, writer } from './support.ts';

const database = await testDatabase();
const { db } = database;
const audit = db.collection<Doc>('audit');
await migrate(db);
const signer = newSigner();
const trusted = new Set([signer.publicKey]);
const verify = (copies?: object[]): Promise<Verified> =>
  verifyAudit(databaseSource(db), { trusted, ...(copies ? { copies: asStream(copies) } : {}) });
const found = ({ problems }: Verified) => problems.map(({ kind, chain, at }) => ({ kind, chain, at }));

async function* asStream(copies: object[]): AsyncGenerator<Record<string, unknown>> {
  for (const copy of copies) yield { ...copy };
}

/** Three processes: one that ended well, one that was killed, one that runs. */
let ended: string;
let killed: string;
let running: string;
let copies: object[];
beforeEach(async () => {
  await audit.deleteMany({});
  const clock = { now: 1_700_000_000_000 };
  copies = [];
  const logs = [0, 1, 2].map(() => writer(db, signer, clock, (record) => copies.push(record)));
  const [first, second, third] = logs;
  if (!first || !second || !third) throw new Error('a log is missing');
  [ended, killed, running] = [first.chain, second.chain, third.chain];
  for (let n = 0; n < 4; n++) await act(first, n);
  await first.root();
  await first.close();
  await act(second, 10);
  await act(second, 11, null);
  await third.begin();
  for (let n = 20; n < 24; n++) await act(third, n);
  await third.root();
});
afterAll(() => database.drop());

describe('[H4] the chain of a process', () => {
  test('is whole as it was written; what is open is said', async () => {
    const verified = await verify(copies);
    expect(verified.problems).toEqual([]);
    expect(verified).toMatchObject({ ok: true, chains: 3, earlier: 0, keys: [signer.publicKey] });
    expect(verified.records).toBe(await audit.countDocuments());
    expect(verified.open.map(({ chain, n }) => ({ chain, n }))).toEqual([
      { chain: killed, n: 3 },
      { chain: running, n: 9 },
    ]);
    expect(verified.unfinished).toEqual({ count: 1, first: [{ chain: killed, n: 3 }] });
  });

  test('a changed record is found, also when its own hash was made to fit', async () => {
    const id = recordId(ended, 3);
    await audit.updateOne({ _id: id }, { $set: { accountId: 'somebody-else' } });
    expect(found(await verify())).toEqual([{ kind: 'changed', chain: ended, at: '3' }]);
    const changed = await audit.findOne({ _id: id });
    await audit.updateOne({ _id: id }, { $set: { hash: hashOf({ ...changed }) } });
    expect(found(await verify())).toEqual([{ kind: 'changed', chain: ended, at: '3–4' }]);
  });

  test('a field that is added or taken away is a change', async () => {
    await audit.updateOne({ _id: recordId(running, 2) }, { $set: { note: 'x' } });
    await audit.updateOne({ _id: recordId(running, 4) }, { $unset: { code: '' } });
    expect(found(await verify())).toEqual([
      { kind: 'changed', chain: running, at: '2' },
      { kind: 'changed', chain: running, at: '4' },
    ]);
  });

  test('a removed record is found, in the middle and at the beginning', async () => {
    await audit.deleteMany({ _id: { $in: [recordId(ended, 4), recordId(ended, 5), recordId(running, 0)] } });
    expect(found(await verify())).toEqual([
      { kind: 'removed', chain: ended, at: '4–5' },
      { kind: 'removed', chain: running, at: '0' },
    ]);
  });

  test('a removed end is found by what others signed: with its roots, and of a chain that was killed', async () => {
    await audit.deleteMany({ _id: { $gt: recordId(ended, 5), $lt: `${ended};` } });
    await audit.deleteOne({ _id: recordId(killed, 3) });
    expect(found(await verify())).toEqual([
      { kind: 'tail removed', chain: ended, at: '6–10' },
      { kind: 'tail removed', chain: killed, at: '3' },
    ]);
  });

  test('the removed end of the only chain is found by the copy of its root', async () => {
    await audit.deleteMany({ _id: { $gt: recordId(running, 5), $lt: `${running};` } });
    expect((await verify()).ok).toBe(true);
    expect(found(await verify(copies))).toEqual([{ kind: 'tail removed', chain: running, at: '6–9' }]);
  });

  test('a removed chain is found', async () => {
    await audit.deleteMany({ chain: ended });
    expect(found(await verify())).toEqual([{ kind: 'chain removed', chain: ended, at: '–10' }]);
  });

  test('an inserted record is found: outside of every chain, after the last one, and in a chain of its own', async () => {
    const real = await audit.findOne({ _id: recordId(ended, 4) });
    await audit.insertOne({ ...real, _id: 'inserted', chain: ended, n: 4 });
    expect(found(await verify())).toEqual([{ kind: 'inserted', chain: '', at: 'inserted' }]);
    await audit.deleteOne({ _id: 'inserted' });
    const { _id, hash: _hash, ...content } = { ...real };
    const own = { ...content, chain: 'zz', n: 0, prev: '0'.repeat(64) };
    await audit.insertOne({ ...own, _id: recordId('zz', 0), hash: hashOf(own) });
    expect(found(await verify())).toEqual([{ kind: 'forged root', chain: 'zz', at: '0' }]);
  });

  test('records that changed places are found', async () => {
    const [a, b] = await Promise.all([3, 5].map((n) => audit.findOne({ _id: recordId(ended, n) })));
    await audit.replaceOne({ _id: recordId(ended, 3) }, { ...b, _id: recordId(ended, 3) });
    await audit.replaceOne({ _id: recordId(ended, 5) }, { ...a, _id: recordId(ended, 5) });
    expect(found(await verify()).filter(({ kind }) => kind === 'reordered')).toEqual([
      { kind: 'reordered', chain: ended, at: recordId(ended, 3) },
      { kind: 'reordered', chain: ended, at: recordId(ended, 5) },
    ]);
  });

  test('a chain that was written anew is found: nobody else has the key', async () => {
    const forger = newSigner();
    const docs = await audit.find({ chain: ended }).sort({ _id: 1 }).toArray();
    let prev = '0'.repeat(64);
    for (const { _id, hash: _hash, signature, ...content } of docs) {
      const forged = { ...content, prev, ...(signature === undefined ? {} : { publicKey: forger.publicKey }) };
      if (content['n'] === 3) Object.assign(forged, { accountId: 'somebody-else' });
      prev = hashOf(forged);
      const signed = signature === undefined ? {} : { signature: forger.sign(prev) };
      await audit.replaceOne({ _id }, { _id, ...forged, hash: prev, ...signed });
    }
    const problems = found(await verify());
    expect(problems.filter(({ kind }) => kind === 'forged root').map(({ at }) => at)).toEqual(['0', '9', '10']);
    expect(problems).toContainEqual({ kind: 'changed', chain: ended, at: '10' });
    // Without the right key at hand the other chains still tell.
    const blind = await verifyAudit(databaseSource(db), { trusted: null });
    expect(found(blind)).toEqual([{ kind: 'changed', chain: ended, at: '10' }]);
    expect(blind.keys).toHaveLength(2);
  });
});

test('what the database did not take keeps its place: the chain goes on without a hole', async () => {
  await audit.deleteMany({});
  let next = '';
  const failing = {
    find: audit.find.bind(audit),
    findOne: audit.findOne.bind(audit),
    insertMany: async (docs: Doc[], options: object) => {
      const how = next;
      next = '';
      if (how === 'refused') throw new Error('connection refused');
      // Only some of them, and the answer is lost.
      await audit.insertMany(how === 'half' ? docs.slice(0, 1) : docs, options);
      if (how !== '') throw new Error('connection lost');
    },
  };
  const log = writer({ collection: () => failing } as never, signer, { now: 1_700_000_000_000 });
  await act(log, 1);
  for (const [n, how] of ['refused', 'half', 'lost'].entries()) {
    next = how;
    await Promise.allSettled([act(log, 10 + n), act(log, 20 + n)]);
    await act(log, 30 + n);
  }
  await log.close();
  const verified = await verify();
  expect(verified).toMatchObject({ ok: true, chains: 1, open: [] });
  expect(verified.unfinished.count).toBeGreaterThan(0);
});

test('records of a version without chains are counted by the first chain, and no more can be added', async () => {
  await audit.deleteMany({});
  await audit.insertMany([1, 2].map((n) => ({ _id: `old-${n}`, at: n, action: 'auth.login', phase: 'outcome' })));
  const log = writer(db, signer, { now: 1_700_000_000_000 });
  await act(log, 1);
  expect(await verify()).toMatchObject({ ok: true, earlier: 2 });
  await audit.insertOne({ _id: 'old-3', at: 3, action: 'auth.login', phase: 'outcome' });
  expect(found(await verify())).toEqual([{ kind: 'inserted', chain: '', at: 'old-3' }]);
});
