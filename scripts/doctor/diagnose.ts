import type { Check, Outcome } from './check.ts';
import { fail, skipped } from './check.ts';
import { Skip, type Context } from './context.ts';
import { messageOf } from '../support/SetupError.ts';
import { concealing } from './conceal.ts';

export interface Result extends Outcome {
  readonly id: string;
  readonly title: string;
  readonly ms: number;
}

/** A look asks several times, one after the other. */
const looksLonger = 3;

/** Runs the checks side by side; answers in their order. Never throws: a check that fails by itself is a fault too. */
export async function diagnose(checks: readonly Check[], context: Context): Promise<Result[]> {
  const ms = context.options.answerMs * looksLonger;
  const conceal = concealing(context.env);
  return await Promise.all(
    checks.map(async (check) => {
      const began = performance.now();
      const { finding, ...outcome } = await inTime(check, context, ms);
      return {
        ...{ id: check.id, title: check.title, ...outcome, finding: conceal(finding) },
        ms: Math.round(performance.now() - began),
      };
    }),
  );
}

async function inTime(check: Check, context: Context, ms: number): Promise<Outcome> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Outcome>((resolve) => {
    const finding = `no answer within ${ms / 1000} s`;
    timer = setTimeout(() => resolve(fail(finding, 'Look whether the machine or the network hangs.')), ms);
  });
  const looked = check.run(context).catch((error: unknown) => {
    if (error instanceof Skip) return skipped(error.message);
    return fail(messageOf(error).split('\n', 1)[0] ?? 'it failed', 'See docs/install.md, or ask with this line.');
  });
  return await Promise.race([looked, late]).finally(() => clearTimeout(timer));
}
