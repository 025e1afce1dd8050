import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Clinic } from '../support/chaos/Clinic.ts';
import { Random } from '../support/chaos/random.ts';
import { Recorder } from '../support/chaos/Recorder.ts';
import { kill } from '../support/databaseProcess.ts';
import { queuesOf } from '../support/history/effects.ts';
import { readFound } from '../support/history/read.ts';
import { until } from '../support/until.ts';

/**
 * `NADI_CHAOS_SEED` repeats from one seed (choices, not the machine's timing); `NADI_CHAOS_ROUNDS` says how many rounds.
 * The data folder is kept over all rounds: each crash meets what the crashes before it left behind.
 */
const firstSeed = Number(process.env['NADI_CHAOS_SEED'] ?? randomInt(1_000_000));
const rounds = Number(process.env['NADI_CHAOS_ROUNDS'] ?? 10);
const seeds = Array.from({ length: rounds }, (_, i) => firstSeed + i);
const say = (line: string): void => void process.stdout.write(`    chaos: ${line}\n`);

let clinic: Clinic;
const recorder = new Recorder(`chaos${firstSeed}`);

beforeAll(async () => {
  clinic = await Clinic.open(recorder);
});
afterAll(() => clinic.close());

/** A burst of work with `strike` in the middle of it: after so many acknowledgements, whatever time they take here. */
async function burst(random: Random, strike: () => Promise<void>): Promise<void> {
  let over = false;
  const work = clinic.work(random, () => over);
  const enough = recorder.acknowledged() + random.int(10, 70);
  await until('the burst to get going', () => recorder.acknowledged() >= enough, { timeoutMs: 60_000, everyMs: 2 });
  await strike();
  over = true;
  await work;
}

async function checkLog(): Promise<void> {
  const found = await readFound(clinic.db);
  expect(recorder.violations(found)).toEqual([]);
}

async function effectsDone(): Promise<void> {
  await until(
    'every effect to be carried out and every join to be finished',
    async () => {
      const events = await clinic.db.collection('events').countDocuments({ due: { $exists: true } });
      const joins = await clinic.db.collection('places').countDocuments({ joiningSince: { $exists: true } });
      return events + joins === 0;
    },
    // A lease of 15 s, a sweep every 10 s, and a second look for what depends on another effect.
    { timeoutMs: 90_000, everyMs: 250 },
  );
}

describe('kill -9 of everything at once', () => {
  test.each(seeds)('seed %i: what was acknowledged is there once and in order', async (seed) => {
    const random = new Random(seed);
    await clinic.connect(random);
    await burst(random, () => clinic.killEverything());
    await clinic.startEverything();
    await clinic.connect(random);
    const lost = recorder.lost().length;
    const retried = await clinic.retryLost(random);
    say(`seed ${seed}: ${recorder.acknowledged()} acknowledged so far, ${lost} unknown, ${retried} asked again`);
    await checkLog();
  });

  test('every effect ran once, and everybody who looks sees the same', async () => {
    await effectsDone();
    const found = await readFound(clinic.db);
    expect(recorder.finalViolations(found)).toEqual([]);
    expect(recorder.acknowledged()).toBeGreaterThanOrEqual(10 * rounds);
    const queues = queuesOf(found.events);
    for (const { player, sessionId } of clinic.followers()) {
      const queue = queues.get(`queue:${sessionId}`);
      await until('a follower to reach the head', () => player.seq(sessionId) === queue?.events.length);
      expect(player.queue(sessionId)).toEqual(queue?.state);
    }
  });
});

describe('kill -9 of one process while the others go on', () => {
  const targets = ['a hub', 'the gateway', 'the other hub', 'the engine'] as const;

  test.each(targets)('%s', async (target) => {
    const random = new Random(firstSeed + 1_000 + targets.indexOf(target));
    await clinic.connect(random);
    const before = recorder.acknowledged();
    await burst(random, async () => {
      const { gateway, engine } = await clinic.database.pids();
      if (target === 'a hub') await clinic.hubs[0]?.kill();
      else if (target === 'the other hub') await clinic.hubs[1]?.kill();
      else if (target === 'the gateway') kill(gateway ?? engine ?? 0);
      else kill(engine ?? 0);
      await delay(500);
      await clinic.reconnect();
      await clinic.reachable();
      await clinic.work(random, after(500));
    });
    await clinic.startHubs();
    await clinic.reconnect();
    const retried = await clinic.retryLost(random);
    say(`${target}: ${recorder.acknowledged() - before} acknowledged, ${retried} asked again`);
    await checkLog();
  });

  test('every effect ran once after all of it', async () => {
    expect(clinic.hubs.every((hub) => hub?.running())).toBe(true);
    await effectsDone();
    expect(recorder.finalViolations(await readFound(clinic.db))).toEqual([]);
  });
});

function after(ms: number): () => boolean {
  const end = Date.now() + ms;
  return () => Date.now() > end;
}
