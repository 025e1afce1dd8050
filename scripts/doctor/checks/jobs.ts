import type { Db } from 'mongodb';
import { z } from 'zod';
import type { Doc } from '../../../server/store/mongo.ts';
import { fail, ok, together, warn, type Check, type Outcome } from '../check.ts';

const minute = 60_000;
/** Whoever reads this much, reads slowly: it may be a big clinic's database. ms */
const patience = { timeoutMS: 6_000 };

/** What goes on behind the scenes: jobs that run, effects that are carried out, messages that went out. */
export const jobs: Check = {
  id: 'jobs',
  title: 'Jobs and messages',
  run: async (context) => {
    const db = await context.database();
    const [now, up] = [context.now(), context.running !== null];
    return together(await Promise.all([scheduled(db, now, up), stuck(db, now, up), dead(db, now), undelivered(db)]));
  },
};

const job = z.object({
  name: z.string(),
  nextRunAt: z.coerce.date().nullish(),
  failedAt: z.coerce.date().nullish(),
  lastFinishedAt: z.coerce.date().nullish(),
});

/** Agenda's own collection: one document for each repeated job. */
async function scheduled(db: Db, now: number, up: boolean): Promise<Outcome> {
  const found = (await db.collection('agendaJobs').find({}, patience).limit(500).toArray()).flatMap((doc) => {
    const read = job.safeParse(doc);
    return read.success ? [read.data] : [];
  });
  const late = found.filter(({ nextRunAt }) => nextRunAt != null && nextRunAt.getTime() < now - 10 * minute);
  const failing = found.filter(
    ({ failedAt, lastFinishedAt }) => failedAt != null && failedAt.getTime() >= (lastFinishedAt?.getTime() ?? 0),
  );
  const names = (some: typeof found): string => [...new Set(some.map((one) => one.name))].join(', ');
  if (up && late.length > 0) return fail(`jobs do not run: ${names(late)}`, 'See the hub’s log; restart it.');
  if (failing.length > 0) return warn(`jobs fail: ${names(failing)}`, 'See the hub’s log for the reason.');
  return ok('jobs run');
}

/** A sweep takes up what is due every ten seconds. */
async function stuck(db: Db, now: number, up: boolean): Promise<Outcome> {
  const waiting = await db
    .collection<Doc>('events')
    .countDocuments({ due: { $lt: now - 10 * minute } }, { ...patience, limit: 1_000 });
  if (waiting === 0) return ok('nothing waits');
  const finding = `effects that wait for more than 10 minutes: ${waiting}`;
  return up ? fail(finding, 'See the hub’s log for "effect failed".') : warn(finding, 'They go on when Nadi starts.');
}

/** Given up after many tries; looked for in the last week, by the index on time. */
async function dead(db: Db, now: number): Promise<Outcome> {
  const since = now - 7 * 24 * 60 * minute;
  const given = await db
    .collection<Doc>('events')
    .find({ at: { $gt: since }, 'effects.state': 'dead' }, { ...patience, projection: { _id: 1 } })
    .limit(100)
    .toArray();
  if (given.length === 0) return ok('nothing was given up');
  return warn(
    `effects of the last week that were given up: ${given.length === 100 ? '100 or more' : given.length}`,
    'See the hub’s log for "effect failed": what they should have done was not done.',
  );
}

async function undelivered(db: Db): Promise<Outcome> {
  const failed = await db
    .collection<Doc>('deliveries')
    .countDocuments({ state: { $in: ['dead', 'unknown'] } }, { ...patience, limit: 1_000 });
  if (failed === 0) return ok('every message went out');
  return warn(`messages that did not go out: ${failed}`, 'Admins see them under "Not delivered".');
}
