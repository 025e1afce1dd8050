import { z } from 'zod';
import { messageOf } from '../../support/SetupError.ts';
import { fail, ok, skipped, together, warn, type Check, type Outcome } from '../check.ts';
import type { Context } from '../context.ts';
import { aheadOf, type Ahead } from '../support/ntp.ts';

/** Within this sign-ins, grants and one-time codes do not notice. ms */
const fineMs = 1_000;
/** Beyond this they are refused: a one-time code lives 30 s. ms */
const brokenMs = 30_000;

export const clock: Check = {
  id: 'clock',
  title: 'Clock',
  run: async (context) => together(await Promise.all([timeServer(context), databaseClock(context)])),
};

async function timeServer({ options, now }: Context): Promise<Outcome> {
  if (options.offline) return skipped('not compared with a time server (--offline)');
  try {
    return judge(await aheadOf(options.ntp, now, options.answerMs), options.ntp);
  } catch (error) {
    return skipped(`no time server: ${messageOf(error)}`);
  }
}

const hello = z.object({ localTime: z.date() });

async function databaseClock(context: Context): Promise<Outcome> {
  const db = await context.database().catch(() => null);
  if (db === null) return skipped('no database to compare with');
  const before = context.now();
  const told = hello.safeParse(await db.admin().command({ hello: 1 }));
  if (!told.success) return skipped('the database does not tell its time');
  const after = context.now();
  const ms = (before + after) / 2 - told.data.localTime.getTime();
  return judge({ ms, within: (after - before) / 2 }, 'the database');
}

/** What may as well have been the way there and back is not held against the clock. */
function judge({ ms, within }: Ahead, of: string): Outcome {
  const away = Math.max(0, Math.abs(ms) - within);
  const finding = `${(away / 1000).toFixed(away < 10_000 ? 1 : 0)} s ${ms > 0 ? 'ahead of' : 'behind'} ${of}`;
  const remedy = 'Set the clocks by NTP: timedatectl set-ntp true (or chrony), on every machine.';
  if (away > brokenMs) return fail(finding, remedy);
  return away > fineMs ? warn(finding, remedy) : ok(`agrees with ${of}`);
}
