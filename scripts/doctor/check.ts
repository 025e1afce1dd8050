import { worst, type Judgement } from '../../server/health/judgement.ts';
import type { Context } from './context.ts';

/** `skipped`: there is nothing to judge here, or it cannot be judged from here; the finding says which. */
export type Status = 'ok' | 'warn' | 'fail' | 'skipped';

export interface Outcome {
  readonly status: Status;
  readonly finding: string;
  readonly remedy?: string;
}

/** One thing that can be wrong with an installation. */
export interface Check {
  /** For `--only` and for scripts that read the JSON; never renamed. */
  readonly id: string;
  readonly title: string;
  /** Looks without changing anything that stays. What it throws counts as a fault, in the words of the error. */
  run(context: Context): Promise<Outcome>;
}

export const ok = (finding: string): Outcome => ({ status: 'ok', finding });
export const warn = (finding: string, remedy: string): Outcome => ({ status: 'warn', finding, remedy });
export const fail = (finding: string, remedy: string): Outcome => ({ status: 'fail', finding, remedy });
export const skipped = (finding: string): Outcome => ({ status: 'skipped', finding });

export function judged({ level, ...rest }: Judgement): Outcome {
  return { status: level, ...rest };
}

/** Several looks as one: the worst counts; what was skipped only when all were. */
export function together(outcomes: readonly Outcome[]): Outcome {
  const looked = outcomes.flatMap(({ status, ...rest }) => (status === 'skipped' ? [] : [{ level: status, ...rest }]));
  if (looked.length > 0) return judged(worst(looked));
  return skipped([...new Set(outcomes.map((one) => one.finding))].join('; '));
}
