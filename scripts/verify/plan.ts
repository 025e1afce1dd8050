import { SetupError } from '../support/SetupError.ts';

/** Steps that need nothing but the sources; each is a tool of node_modules. */
export const STATIC: Record<string, readonly string[]> = {
  types: ['typescript/bin/tsc', '-p', 'tsconfig.json'],
  'types-tests': ['typescript/bin/tsc', '-p', 'tests/tsconfig.json'],
  lint: ['eslint/bin/eslint.js', '--max-warnings', '0', '.'],
  format: ['prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.'],
  svelte: ['svelte-check/bin/svelte-check', '--tsconfig', './client/tsconfig.json', '--fail-on-warnings'],
};

export interface TestRun {
  name: string;
  /** Projects of vitest.config.ts. */
  projects: readonly string[];
  needs: readonly ('database' | 'redis' | 'mediaWorker' | 'browser' | 'build')[];
  /** Part of `npm run check`; the others belong to `npm test` only. */
  inCheck: boolean;
}

export const RUNS: readonly TestRun[] = [
  { name: 'unit', projects: ['unit', 'client'], needs: [], inCheck: true },
  {
    name: 'integration',
    projects: ['contract', 'integration'],
    needs: ['database', 'redis', 'mediaWorker'],
    inCheck: true,
  },
  { name: 'media', projects: ['media'], needs: ['database', 'mediaWorker', 'browser'], inCheck: true },
  { name: 'chaos', projects: ['chaos'], needs: ['database', 'redis', 'mediaWorker', 'build'], inCheck: false },
  { name: 'e2e', projects: ['e2e'], needs: ['database', 'mediaWorker', 'browser', 'build'], inCheck: false },
];

export interface Plan {
  static: readonly string[];
  runs: readonly TestRun[];
  /** Given on to vitest: names of files, `-t name`, … */
  rest: readonly string[];
}

/**
 * Reads `--only e2e,lint` (names of steps, runs or vitest projects; repeatable) and leaves the rest to vitest.
 * Without it, everything of the command runs.
 */
export function planOf(args: readonly string[], all: boolean): Plan {
  const wanted = new Set<string>();
  const rest: string[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? '';
    if (arg === '--only') (args[(index += 1)] ?? '').split(',').forEach((name) => wanted.add(name));
    else if (arg.startsWith('--only='))
      arg
        .slice(7)
        .split(',')
        .forEach((name) => wanted.add(name));
    else rest.push(arg);
  }
  const runs = RUNS.filter((run) => all || run.inCheck);
  if (wanted.size === 0) return { static: Object.keys(STATIC), runs, rest };
  const names = [...Object.keys(STATIC), ...RUNS.flatMap((run) => [run.name, ...run.projects])];
  const unknown = [...wanted].filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    throw new SetupError(`--only does not know "${unknown.join(', ')}".`, `Use: ${[...new Set(names)].join(', ')}.`);
  }
  return {
    static: Object.keys(STATIC).filter((name) => wanted.has(name)),
    runs: RUNS.map((run) => ({
      ...run,
      projects: wanted.has(run.name) ? run.projects : run.projects.filter((project) => wanted.has(project)),
    })).filter((run) => run.projects.length > 0),
    rest,
  };
}
