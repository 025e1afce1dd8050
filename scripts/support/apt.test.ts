import { describe, expect, it } from 'vitest';
import { run } from './run.ts';
import { missingPackages } from './apt.ts';

const hasDpkg = (await run('dpkg-query', ['--version'])).code === 0;

describe('missingPackages', () => {
  it.runIf(hasDpkg)('tells an installed package from one that does not exist', async () => {
    expect(await missingPackages(['dpkg', 'nadi-no-such-package'])).toEqual(['nadi-no-such-package']);
  });
});

describe('run', () => {
  it('reports exit codes and output, and a missing program as 127', async () => {
    expect(await run(process.execPath, ['-e', 'console.log("out"); console.error("err"); process.exit(3)'])).toEqual({
      code: 3,
      stdout: 'out\n',
      stderr: 'err\n',
    });
    expect((await run('nadi-no-such-program', [])).code).toBe(127);
  });
});
