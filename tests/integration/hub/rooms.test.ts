import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Nodes } from '../../../server/consult/Nodes.ts';
import { ConsultService } from '../../../server/consult/service.ts';
import { queueKind } from '../../../server/queue/kind.ts';
import { testRepos } from '../../support/repos.ts';
import { Streams } from '../../../server/store/streams/index.ts';
import { createLogger } from '../../../server/support/logger.ts';
import { testDatabase, type TestDatabase } from '../../support/database.ts';
import { uuid } from '../../support/histories.ts';

let database: TestDatabase;
let consults: ConsultService;
let nodes: Nodes;
beforeAll(async () => {
  database = await testDatabase();
  nodes = new Nodes({ urls: [], secret: 'not used', log: createLogger('silent'), now: Date.now });
  consults = new ConsultService({
    repos: testRepos(database.db),
    queues: new Streams({ db: database.db, hub: 'rooms', now: Date.now }).of(queueKind),
    nodes,
    grantKey: generateKeyPairSync('ed25519').privateKey,
    now: Date.now,
  });
});
afterAll(async () => {
  await nodes.stop();
  await database.drop();
});

function orders<T>(all: readonly T[]): T[][] {
  if (all.length === 0) return [[]];
  return all.flatMap((one, i) => orders(all.filter((_other, j) => j !== i)).map((rest) => [one, ...rest]));
}

describe('[D1] a room opens and closes as the queue’s stream says, whenever that is carried out', () => {
  // Called, skipped, called again, finished: what a crash leaves to be done later, in any order, some of it twice.
  const story = [
    { seq: 3, open: true },
    { seq: 4, open: false },
    { seq: 6, open: true },
    { seq: 8, open: false },
  ];
  const roomAfter = async (room: string, steps: typeof story) => {
    for (const { seq, open } of steps) await (open ? consults.open(room, seq) : consults.close(room, seq));
    return await testRepos(database.db).rooms.get(room);
  };

  test('every order of every part of the story ends where its last event is', async () => {
    let n = 0;
    for (let told = 1; told <= story.length; told++) {
      const part = story.slice(0, told);
      for (const order of orders(part)) {
        const again = order[n % order.length];
        const room = await roomAfter(uuid(++n), again ? [...order, again] : order);
        const last = part.at(-1);
        expect([order.map((step) => step.seq), room?.status, room?.at]).toEqual([
          order.map((step) => step.seq),
          last?.open ? 'open' : 'closed',
          last?.seq,
        ]);
      }
    }
  });

  test('at the same moment as well; and in order, each new call has its own epoch', async () => {
    for (let n = 0; n < 10; n++) {
      const room = uuid(500 + n);
      await Promise.all(story.map(({ seq, open }) => (open ? consults.open(room, seq) : consults.close(room, seq))));
      expect(await testRepos(database.db).rooms.get(room)).toMatchObject({ status: 'closed', at: 8 });
    }
    expect(await roomAfter(uuid(600), story.slice(0, 3))).toMatchObject({ status: 'open', epoch: 2 });
  });
});
