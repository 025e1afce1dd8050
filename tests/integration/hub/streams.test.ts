import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { chatKind } from '../../../server/chat/kind.ts';
import { migrate } from '../../../server/store/migrations/index.ts';
import { connectMongo, type Mongo } from '../../../server/store/mongo.ts';
import { Streams, type CommitNotice, type StreamKind } from '../../../server/store/streams/index.ts';
import { AppError } from '../../../shared/errors.ts';
import { limits } from '../../../shared/limits.ts';
import { testDatabase, type TestDatabase } from '../../support/database.ts';
import { kill, startDatabaseProcess, type DatabaseProcess } from '../../support/databaseProcess.ts';
import { until } from '../../support/until.ts';

const added = z.object({
  seq: z.int(),
  at: z.number(),
  v: z.literal(1),
  type: z.literal('added'),
  data: z.object({ who: z.string(), amount: z.int() }),
});
type Added = z.infer<typeof added>;
interface Sum {
  readonly total: number;
  readonly order: readonly string[];
}
const sums: StreamKind<Sum, Added> = {
  name: 'sum',
  event: added,
  empty: { total: 0, order: [] },
  reduce: (state, { data }) => ({ total: state.total + data.amount, order: [...state.order, data.who] }),
  upcast: (raw) => raw,
};
const command = (key: string) => ({ key, accountId: 'somebody', role: 'staff' });
const add = (who: string, amount = 1) => ({ type: 'added' as const, data: { who, amount } });

function hubOn(mongo: Mongo, name: string) {
  let conflicts = 0;
  const streams = new Streams({ db: mongo.db, hub: name, now: Date.now, onConflict: () => (conflicts += 1) });
  const of = streams.of(sums);
  const notices: CommitNotice<Sum, Added>[] = [];
  of.onCommit((notice) => notices.push(notice));
  return { streams, of, notices, conflicts: () => conflicts };
}

const seqs = (notices: readonly CommitNotice<Sum, Added>[]): number[] =>
  notices.flatMap((notice) => notice.events.map((event) => event.seq));
const oneTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);

async function storedSeqs(mongo: Mongo, stream: string): Promise<unknown[]> {
  const docs = await mongo.db.collection('events').find({ stream }).sort({ _id: 1 }).toArray();
  return docs.map((doc): unknown => doc['seq']);
}

describe('streams of two hubs on one database', () => {
  let database: TestDatabase;
  let mongo: Mongo;
  beforeAll(async () => {
    database = await testDatabase();
    mongo = await connectMongo(database.uri, database.dbName);
    await migrate(mongo.db);
  });
  afterAll(async () => {
    await mongo.close();
    await database.drop();
  });

  test('500 commands race on one stream: each once, no hole, and both hubs end equal', async () => {
    const [a, b] = [hubOn(mongo, 'a'), hubOn(mongo, 'b')];
    const done = await Promise.all(
      oneTo(500).map((n) => (n % 2 ? a : b).of.command('race', command(`c${n}`), () => add(`c${n}`, n))),
    );
    expect(done.map((one) => one.seq).sort((x, y) => x - y)).toEqual(oneTo(500));
    expect(await storedSeqs(mongo, 'sum:race')).toEqual(oneTo(500));
    expect(a.conflicts() + b.conflicts()).toBeGreaterThan(0);
    await Promise.all([a.streams.readTails(0), b.streams.readTails(0)]);
    const [left, right] = await Promise.all([a.of.load('race'), b.of.load('race')]);
    expect(left).toEqual(right);
    expect(left.state.total).toBe((500 * 501) / 2);
    for (const { who, seq } of done.map((one) => ({ who: one.event.data.who, seq: one.seq }))) {
      expect(left.state.order[seq - 1]).toBe(who);
    }
    // Each listener heard of each event once and in order, whichever hub wrote it.
    expect(seqs(a.notices)).toEqual(oneTo(500));
    expect(seqs(b.notices)).toEqual(oneTo(500));
  });

  test('a decision is taken on the state it lands on: a limit holds over both hubs', async () => {
    const [a, b] = [hubOn(mongo, 'a'), hubOn(mongo, 'b')];
    const upToTen = (who: string) => (state: Sum) => {
      if (state.total >= 10) throw new AppError('CONFLICT', 'full');
      return add(who);
    };
    const all = await Promise.allSettled(
      oneTo(100).map((n) => (n % 2 ? a : b).of.command('limit', command(`l${n}`), upToTen(`l${n}`))),
    );
    expect(all.filter((one) => one.status === 'fulfilled')).toHaveLength(10);
    expect(await storedSeqs(mongo, 'sum:limit')).toEqual(oneTo(10));
  });

  test('the same command, again and on the other hub, is one event with one answer', async () => {
    const [a, b] = [hubOn(mongo, 'a'), hubOn(mongo, 'b')];
    const all = await Promise.all(
      oneTo(40).map((n) => (n % 2 ? a : b).of.command('repeat', command(`r${n % 4}`), () => add(`r${n % 4}`))),
    );
    expect(await storedSeqs(mongo, 'sum:repeat')).toEqual(oneTo(4));
    const bySeq = new Map(all.map((one) => [one.event.data.who, one.seq]));
    for (const one of all) expect(one.seq).toBe(bySeq.get(one.event.data.who));
    expect(all.filter((one) => !one.replayed)).toHaveLength(4);
    const fresh = hubOn(mongo, 'c');
    const later = await fresh.of.command('repeat', command('r1'), () => add('something else'));
    expect(later).toMatchObject({ replayed: true, seq: bySeq.get('r1'), event: { data: { who: 'r1' } } });
  });

  test('a chat thread longer than what a hub keeps in memory', async () => {
    const kept = limits.chatPage * 4;
    const total = kept + 75;
    const post = (n: number) => ({
      type: 'posted' as const,
      data: { messageId: id(n), author: id(0), text: `message ${n}` },
    });
    const id = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
    const first = new Streams({ db: mongo.db, hub: 'a', now: Date.now }).of(chatKind);
    await Promise.all(oneTo(total).map((n) => first.command('long', command(`m${n}`), () => post(n))));
    const second = new Streams({ db: mongo.db, hub: 'b', now: Date.now }).of(chatKind);
    for (const hub of [first, second]) {
      const { seq, state } = await hub.load('long');
      expect(seq).toBe(total);
      expect(state.more).toBe(true);
      expect(state.messages.map((message) => message.seq)).toEqual(oneTo(total).slice(-kept));
      expect(hub.since('long', 1, total - kept)).toHaveLength(kept);
      expect(hub.since('long', 1, total - kept - 1)).toBeNull();
      expect((await hub.before('long', total - kept + 1, 50)).map((event) => event.seq)).toEqual(
        oneTo(total - kept).slice(-50),
      );
    }
    // Forgotten in memory, remembered in the log: the repeat of an old message is still no second one.
    const again = await second.command('long', command('m3'), () => post(3));
    expect(again).toMatchObject({ replayed: true, event: { data: { messageId: id(3) } } });
    const next = await second.command('long', command(`m${total + 1}`), () => post(total + 1));
    expect(next.seq).toBe(total + 1);
  });
});

describe('a database that goes away', () => {
  let dataDir: string;
  let database: DatabaseProcess;
  let mongo: Mongo;
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'nadi-streams-'));
    database = await startDatabaseProcess(dataDir);
    mongo = await connectMongo(database.uri, 'streams', 1_000);
    await migrate(mongo.db);
  });
  afterAll(async () => {
    await mongo.close();
    await database.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  test('a refusal that cannot be checked against the log is no refusal: UNAVAILABLE, not silence', async () => {
    const hub = hubOn(mongo, 'a');
    await hub.of.command('alone', command('first'), () => add('first'));
    // Its supervisor too: one that comes back at once answers, and then a refusal is right.
    await database.killAll();
    const refused = hub.of.command('alone', command('second'), () => {
      throw new AppError('CONFLICT', 'never');
    });
    const deadline = new Promise<never>((_, reject) =>
      setTimeout(() => reject(new Error('never answered')), 20_000).unref(),
    );
    await expect(Promise.race([refused, deadline])).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    database = await startDatabaseProcess(dataDir, database.port);
    await until('the database to be back', async () => (await mongo.db.command({ ping: 1 }))['ok'] === 1, {
      timeoutMs: 30_000,
    });
    expect(await hub.of.command('alone', command('third'), () => add('third'))).toMatchObject({ seq: 2 });
  });

  test('every command under way is answered, UNAVAILABLE at worst; repeated afterwards, each happens once', async () => {
    const hub = hubOn(mongo, 'a');
    await hub.of.command('away', command('first'), () => add('first'));
    const { gateway, engine } = await database.pids();
    const burst = oneTo(300).map(async (n) => {
      // Arrivals over time, so that the kill meets appends, tail reads and refusals in the queue.
      await new Promise((resolve) => setTimeout(resolve, n));
      return await hub.of.command('away', command(`w${n}`), (state) => {
        if (n % 5 === 0 && state.total > 0) throw new AppError('CONFLICT', 'never');
        return add(`w${n}`);
      });
    });
    setTimeout(() => kill(gateway ?? engine ?? 0), 120);
    const outcomes = await Promise.race([
      Promise.allSettled(burst),
      new Promise<never>((_, reject) => setTimeout(() => reject(new Error('a command was never answered')), 45_000)),
    ]);
    const codes = outcomes.map((one) => {
      if (one.status === 'fulfilled') return 'OK';
      return one.reason instanceof AppError ? one.reason.code : String(one.reason);
    });
    // How many meet the outage depends on how fast the database is back; nothing else may come out of it.
    expect(codes.filter((code) => !['OK', 'CONFLICT', 'UNAVAILABLE'].includes(code))).toEqual([]);
    expect(codes).toContain('OK');

    await until('the database to be back', async () => (await mongo.db.command({ ping: 1 }))['ok'] === 1, {
      timeoutMs: 30_000,
    });
    const wanted = oneTo(300).filter((n) => n % 5 !== 0);
    const again = await Promise.all(wanted.map((n) => hub.of.command('away', command(`w${n}`), () => add(`w${n}`))));
    expect(await storedSeqs(mongo, 'sum:away')).toEqual(oneTo(wanted.length + 1));
    outcomes.forEach((outcome, i) => {
      if (outcome.status !== 'fulfilled') return;
      expect(again[wanted.indexOf(i + 1)]).toMatchObject({ seq: outcome.value.seq, replayed: true });
    });
    const fresh = await hubOn(mongo, 'b').of.load('away');
    expect(await hub.of.load('away')).toEqual(fresh);
    expect(seqs(hub.notices)).toEqual(oneTo(wanted.length + 1));
  });
});
