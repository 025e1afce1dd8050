import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { migrate } from '../../../server/store/migrations/index.ts';
import { EventLog, eventId, type StoredEvent } from '../../../server/store/streams/log.ts';
import { testDatabase, type TestDatabase } from '../../support/database.ts';

/** Lone events of many streams travel together; each must still succeed or fail alone. */
describe('lone appends of different streams', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await testDatabase();
    await migrate(database.db);
  });
  afterAll(() => database.drop());

  const event = (stream: string, seq: number, cmd: string): StoredEvent => ({
    _id: eventId(stream, 1, seq),
    stream,
    epoch: 1,
    seq,
    at: 1,
    v: 1,
    type: 'posted',
    data: {},
    cmd,
    by: { accountId: 'a', role: 'patient' },
    hub: 'h',
  });

  test('those whose seq or command is taken are told so, the others are in', async () => {
    const log = new EventLog(database.db);
    const streams = Array.from({ length: 60 }, (_, i) => `chat:${i}`);
    // Another hub was there before in some of them: by seq, and by command.
    await log.append([event('chat:7', 1, 'theirs')]);
    await log.append([event('chat:20', 5, 'c20')]);
    const outcomes = await Promise.all(streams.map((stream, i) => log.append([event(stream, 1, `c${i}`)])));
    const refused = outcomes.flatMap((outcome, i) => (outcome.conflict ? [i] : []));
    expect(refused).toEqual([7, 20]);
    expect(outcomes.filter((outcome) => outcome.count === 1)).toHaveLength(58);
    const stored = await database.db.collection('events').countDocuments();
    expect(stored).toBe(60);
    const again = await Promise.all(streams.map((stream, i) => log.append([event(stream, 1, `c${i}`)])));
    expect(again.every((outcome) => outcome.conflict)).toBe(true);
    expect(await database.db.collection('events').countDocuments()).toBe(60);
  });
});
