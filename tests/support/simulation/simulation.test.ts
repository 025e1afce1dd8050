import { describe, expect, test } from 'vitest';
import { simulateMany } from './batch.ts';
import { planted } from './mutations.ts';
import { simulate } from './simulate.ts';

/**
 * `NADI_SIM_SEED` is the first seed (a failure names the one to repeat with `NADI_SIM_RUNS=1`), `NADI_SIM_RUNS` how many
 * runs. A seed makes the same run on every machine, to the last interleaving.
 */
const firstSeed = Number(process.env['NADI_SIM_SEED'] ?? 1);
const runs = Number(process.env['NADI_SIM_RUNS'] ?? 2_000);
/** Commands of a run, over all people. */
const steps = 20;
/** A planted bug must be caught within so many seeds. */
const within = 60;

describe('hubs, database, Redis, network and people, simulated', () => {
  test(`${runs} runs from seed ${firstSeed}: nothing acknowledged is lost, doubled, reordered or told to the wrong`, async () => {
    const all = await simulateMany(firstSeed, runs, steps);
    const first = all.wrong[0];
    expect(all.wrong.length, `repeat with NADI_SIM_SEED=${first?.seed} NADI_SIM_RUNS=1: ${JSON.stringify(first)}`).toBe(
      0,
    );
    process.stdout.write(
      `    simulation: ${all.runs} runs, ${all.acknowledged} acknowledged commands, ${all.faults} faults\n`,
    );
    // A world in which nothing happens proves nothing.
    expect(all.acknowledged).toBeGreaterThan(5 * runs);
  }, 300_000);

  test('the same seed makes the same history', async () => {
    const [one, other] = [await simulate(firstSeed, 40), await simulate(firstSeed, 40)];
    expect(other).toEqual(one);
  });

  test.each(planted)(
    '$name',
    async ({ says, ...mutation }) => {
      for (let seed = 1; seed <= within; seed++) {
        const { violations } = await simulate(seed, 40, mutation);
        if (violations.some((violation) => says.test(violation))) return;
      }
      expect.fail(`not caught within ${within} seeds`);
    },
    120_000,
  );
});
