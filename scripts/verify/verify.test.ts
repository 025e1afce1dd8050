import { describe, expect, it } from 'vitest';
import { planOf } from './plan.ts';
import { addTallies, tallyLine, tallyOf } from './tally.ts';

describe('tally', () => {
  const file = (status: string, ...tests: string[]): object => ({
    status,
    assertionResults: tests.map((test) => ({ status: test })),
  });
  const report = (passed: number, failed: number, pending: number, todo: number, files: object[]): string =>
    JSON.stringify({
      numPassedTests: passed,
      numFailedTests: failed,
      numPendingTests: pending,
      numTodoTests: todo,
      testResults: files,
    });

  it('adds reports up, pending and todo as skipped', () => {
    const one = tallyOf(report(3, 1, 2, 1, [file('failed', 'passed', 'failed'), file('passed', 'passed', 'passed')]));
    const two = tallyOf(report(4, 0, 0, 0, [file('passed', 'passed')]));
    expect(addTallies([one, two])).toEqual({ passed: 7, failed: 1, skipped: 3 });
  });

  it('counts a file that could not be loaded as a failure', () => {
    expect(tallyOf(report(0, 0, 0, 0, [file('failed')]))).toEqual({ passed: 0, failed: 1, skipped: 0 });
    expect(tallyOf(report(1, 0, 1, 0, [file('failed', 'passed', 'skipped')])).failed).toBe(1);
  });

  it('is written the way machines read it', () => {
    expect(tallyLine({ passed: 12, failed: 0, skipped: 0 })).toBe('12 passed, 0 failed');
    expect(tallyLine({ passed: 1, failed: 2, skipped: 3 })).toBe('1 passed, 2 failed, 3 skipped');
  });
});

describe('plan', () => {
  const names = (args: string[], all = true): string[] => {
    const plan = planOf(args, all);
    return [...plan.static, ...plan.runs.map((run) => `${run.name}:${run.projects.join('+')}`)];
  };

  it('has browser and crash tests in npm test only', () => {
    expect(names([], false)).toEqual([
      ...['types', 'types-tests', 'lint', 'format', 'svelte'],
      ...['unit:unit+client', 'integration:contract+integration', 'media:media'],
    ]);
    expect(names([])).toEqual([...names([], false), 'chaos:chaos', 'e2e:e2e']);
  });

  it('narrows down by step, run or project, and passes the rest on', () => {
    expect(names(['--only', 'e2e'])).toEqual(['e2e:e2e']);
    expect(names(['--only', 'lint,contract', '--only=client'])).toEqual([
      'lint',
      'unit:client',
      'integration:contract',
    ]);
    expect(planOf(['--only', 'e2e', 'consult', '-t', 'two browsers'], true).rest).toEqual([
      'consult',
      '-t',
      'two browsers',
    ]);
  });

  it('refuses a name it does not know', () => {
    expect(() => planOf(['--only', 'e3e'], true)).toThrow('e3e');
  });
});
