import { MongoServerError, MongoServerSelectionError } from 'mongodb';
import { z } from 'zod';
import { messageOf } from '../../support/SetupError.ts';
import { fail, ok, warn, type Check, type Outcome } from '../check.ts';
import { Skip } from '../context.ts';

const build = z.object({ version: z.string(), gitVersion: z.string().optional() });
const oldest = 5;

/** Reachable, lets us in, and which engine it is. */
export const database: Check = {
  id: 'database',
  title: 'Database',
  run: async (context) => {
    try {
      const db = await context.database();
      const began = performance.now();
      const { version, gitVersion } = build.parse(await db.admin().command({ buildInfo: 1 }));
      await db.collection('migrations').findOne({});
      const ms = Math.round(performance.now() - began);
      const engine = gitVersion === 'nadi-gateway' ? 'DocumentDB (embedded)' : `MongoDB ${version}`;
      if (Number(version.split('.', 1)[0]) < oldest) {
        return fail(`${engine} is too old`, 'Upgrade it to MongoDB 7 or newer.');
      }
      if (ms > 500) return warn(`${engine} is slow: ${ms} ms for two questions`, 'Bring it nearer, or give it more.');
      return ok(`${engine}, answers`);
    } catch (error) {
      if (error instanceof Skip) throw error;
      return unreachable(error);
    }
  },
};

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
