import { MongoServerError, MongoServerSelectionError } from 'mongodb';
import { z } from 'zod';
import { messageOf } from '../../support/SetupError.ts';
import { fail, ok, warn, type Check, type Outcome } from '../check.ts';
import { Skip } from '../context.ts';

const build = z.object({ version: z.string(), gitVersion: z.string().optional() });
const oldest = 5;
/** A desk makes a few reads for each click, ms. */
const slowMs = 500;

/** Reachable, lets us in, and which engine it is. */
export const database: Check = {
  id: 'database',
  title: 'Database',
  run: async (context) => {
    try {
      const db = await context.database();
      const { version, gitVersion } = build.parse(await db.admin().command({ buildInfo: 1 }));
      const ms = await quickest(() => db.collection('migrations').findOne({}));
      const engine = gitVersion === 'nadi-gateway' ? 'DocumentDB (embedded)' : `MongoDB ${version}`;
      if (Number(version.split('.', 1)[0]) < oldest) {
        return fail(`${engine} is too old`, 'Upgrade it to MongoDB 7 or newer.');
      }
      if (ms > slowMs)
        return warn(`${engine} is slow: ${ms} ms for one read at best`, 'Bring it nearer, or give it more.');
      return ok(`${engine}, answers`);
    } catch (error) {
      if (error instanceof Skip) throw error;
      return unreachable(error);
    }
  },
};

/** Of a few: one may be slow by chance. */
async function quickest(ask: () => Promise<unknown>): Promise<number> {
  let best = Infinity;
  for (let i = 0; i < 5; i += 1) {
    const began = performance.now();
    await ask();
    best = Math.min(best, performance.now() - began);
  }
  return Math.round(best);
}

function unreachable(error: unknown): Outcome {
  // Unauthorized, AuthenticationFailed (MongoDB error codes).
  if (error instanceof MongoServerError && (error.code === 13 || error.code === 18)) {
    return fail('the database refuses our user or password', 'Correct them in MONGODB_URI (authSource too).');
  }
  if (error instanceof MongoServerSelectionError) {
    return fail(
      `the database cannot be reached: ${messageOf(error)}`,
      'Is it running? Check MONGODB_URI and firewalls.',
    );
  }
  return fail(`the database does not work: ${messageOf(error)}`, 'Check MONGODB_URI.');
}
