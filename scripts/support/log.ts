import { messageOf, SetupError } from './SetupError.ts';

/** What a set-up step may say while it works. */
export interface StepLog {
  /** Names the sub-step that begins now. */
  step(title: string): void;
  /** One line of detail. */
  info(line: string): void;
}

/** How long a step took; `skipped` when it had nothing to do. */
export interface StepResult {
  title: string;
  seconds: number;
  skipped: boolean;
}

export interface Steps {
  /**
   * Runs one step and prints its line. A result for which `isSkipped` holds (by default: the word 'skipped') is shown as
   * nothing to do. Rethrows what the step throws.
   */
  run<T>(title: string, work: (log: StepLog) => Promise<T>, isSkipped?: (value: T) => boolean): Promise<T>;
  readonly results: readonly StepResult[];
}

export type Write = (line: string) => void;

const print: Write = (line) => process.stdout.write(`${line}\n`);

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** A step list: "✓ title 1.2 s", "· title skipped", "✗ title 0.3 s"; sub-steps are indented below as they begin. */
export function createSteps(write: Write = print, now: () => number = () => performance.now()): Steps {
  const results: StepResult[] = [];
  return {
    results,
    async run(title, work, isSkipped = (value) => value === 'skipped') {
      const begin = now();
      const log: StepLog = {
        step: (text) => {
          write(`  … ${title}: ${text}`);
        },
        info: (line) => {
          write(`    ${line}`);
        },
      };
      try {
        const value = await work(log);
        const took = now() - begin;
        const skipped = isSkipped(value);
        results.push({ title, seconds: took / 1000, skipped });
        write(skipped ? `· ${title} skipped` : `✓ ${title} ${seconds(took)}`);
        return value;
      } catch (error) {
        write(`✗ ${title} ${seconds(now() - begin)}`);
        throw error;
      }
    },
  };
}

/** Prints a failure as cause and remedy; anything that is not a SetupError keeps its stack, for it is a bug of ours. */
export function printFailure(error: unknown, write: Write = (line) => process.stderr.write(`${line}\n`)): void {
  if (error instanceof SetupError) {
    write(`\n✗ ${error.message}\n  → ${error.remedy}`);
  } else {
    write(`\n✗ ${error instanceof Error ? (error.stack ?? error.message) : messageOf(error)}`);
  }
}
