import { describe, expect, it } from 'vitest';
import { createSteps, printFailure } from './log.ts';
import { SetupError } from './SetupError.ts';

function recorder(): { lines: string[]; write: (line: string) => void } {
  const lines: string[] = [];
  return { lines, write: (line) => void lines.push(line) };
}

describe('createSteps', () => {
  it('prints seconds for work done, "skipped" for nothing to do, and a cross for a failure it rethrows', async () => {
    const { lines, write } = recorder();
    let clock = 0;
    const steps = createSteps(write, () => clock);
    const value = await steps.run('build', (log) => {
      log.step('client');
      clock += 1234;
      return Promise.resolve(7);
    });
    await steps.run('secrets', () => Promise.resolve('skipped'));
    const failure = new SetupError('no disk', 'free some');
    await expect(steps.run('data', () => Promise.reject(failure))).rejects.toBe(failure);
    expect(value).toBe(7);
    expect(lines).toEqual(['  … build: client', '✓ build 1.2 s', '· secrets skipped', '✗ data 0.0 s']);
    expect(steps.results.map((result) => result.skipped)).toEqual([false, true]);
  });
});

describe('printFailure', () => {
  it('shows cause and remedy, and keeps the stack of an unexpected error', () => {
    const { lines, write } = recorder();
    printFailure(new SetupError('Port 3000 is in use', 'Run PORT=3001 npm start'), write);
    printFailure(new TypeError('ours'), write);
    expect(lines[0]).toBe('\n✗ Port 3000 is in use\n  → Run PORT=3001 npm start');
    expect(lines[1]).toMatch(/TypeError: ours\n\s+at /);
  });
});
