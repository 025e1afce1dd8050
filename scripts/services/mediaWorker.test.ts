import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile, chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../tests/support/until.ts';
import { mesonList, ninjaFile } from './mediaWorkerBuild.ts';
import { prebuiltName } from './mediaWorkerDownload.ts';
import { withLock } from './mediaWorkerLock.ts';
import { probeMediaWorker } from './mediaWorkerProbe.ts';
import { fixDtlsCallback } from './mediaWorkerShim.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nadi-worker-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('reading the package', () => {
  it('takes the quoted files of one list', () => {
    const text =
      "a = [\n  'x.cpp',\n]\ncommon_sources = [\n  'src/a.cpp',\n  'src/b.cpp',\n]\nif x\n  common_sources += [\n    'c.cpp',\n  ]\n";
    expect(mesonList(text, 'common_sources')).toEqual(['src/a.cpp', 'src/b.cpp']);
    expect(() => mesonList(text, 'other_sources')).toThrow('other_sources');
  });

  it('names the release asset as mediasoup does', () => {
    expect(prebuiltName('3.19.3', 'linux', 'x64', '6.1.0-18-amd64')).toBe(
      'mediasoup-worker-3.19.3-linux-x64-kernel6.tgz',
    );
    expect(prebuiltName('3.19.3', 'darwin', 'arm64', '23.5.0')).toBe('mediasoup-worker-3.19.3-darwin-arm64.tgz');
  });

  it('corrects the BIO callback once, and wants to be looked at when it is another', () => {
    const fixed = fixDtlsCallback('x = (operationType == BIO_CB_RETURN) ? 1 : 2;');
    expect(fixed).toBe('x = (operationType & BIO_CB_RETURN) ? 1 : 2;');
    expect(fixDtlsCallback(fixed)).toBe(fixed);
    expect(() => fixDtlsCallback('nothing')).toThrow('onSslBioOut');
  });

  it('writes paths with spaces as ninja reads them', () => {
    const text = ninjaFile({
      units: [{ source: '/a b/x.cpp', object: '/o/x.o' }],
      includes: ['/inc'],
      archives: [],
      output: '/o/worker',
    });
    expect(text).toContain('build /o/x.o: cxx /a$ b/x.cpp');
    expect(text).toContain('build /o/worker: link /o/x.o');
  });
});

describe('the probe', () => {
  const script = async (body: string): Promise<string> => {
    const path = join(folder, 'worker');
    await writeFile(path, `#!/bin/sh\n${body}\n`);
    await chmod(path, 0o755);
    return path;
  };

  it('refuses what does not start, starts as something else, or never announces itself', async () => {
    expect(await probeMediaWorker(join(folder, 'missing'), '3.19.3')).toContain('does not start');
    expect(await probeMediaWorker(await script('exit 0'), '3.19.3')).toContain('does not start here (0)');
    expect(await probeMediaWorker(await script('exit 41'), '3.19.3')).toContain('exits at once (41)');
  });
});

describe('the lock', () => {
  const quiet = (): void => undefined;

  it('lets one work at a time', async () => {
    const path = join(folder, 'lock');
    let inside = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((resolve) => setTimeout(resolve, 20));
      inside -= 1;
    };
    await Promise.all([withLock(path, quiet, work), withLock(path, quiet, work), withLock(path, quiet, work)]);
    expect(most).toBe(1);
    await expect(readFile(path)).rejects.toThrow('ENOENT');
  });

  it('is given back when the work fails', async () => {
    const path = join(folder, 'lock');
    await expect(withLock(path, quiet, () => Promise.reject(new Error('no space')))).rejects.toThrow('no space');
    expect(await withLock(path, quiet, async () => 'again')).toBe('again');
  });

  it('is taken over from a process that was killed, or whose pid is another process now', async () => {
    const path = join(folder, 'lock');
    const holder = spawn(process.execPath, [
      '--import',
      'tsx',
      '--input-type=module',
      '--eval',
      `import { withLock } from ${JSON.stringify(join(import.meta.dirname, 'mediaWorkerLock.ts'))};
       await withLock(${JSON.stringify(path)}, () => {}, () => new Promise(() => setInterval(() => {}, 1000)));`,
    ]);
    await until('the other process holds the lock', async () =>
      (await readFile(path, 'utf8')).includes(String(holder.pid)),
    );
    let waitedFor: number | undefined;
    const mine = withLock(
      path,
      (pid) => (waitedFor = pid),
      async () => 'mine',
    );
    await until('this one waits', () => waitedFor === holder.pid);
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    expect(await mine).toBe('mine');

    await writeFile(path, JSON.stringify({ pid: process.pid, started: 'another time', token: 'x' }));
    expect(await withLock(path, quiet, async () => 'mine too')).toBe('mine too');
    await writeFile(path, 'half a li');
    expect(await withLock(path, quiet, async () => 'and this')).toBe('and this');
  });
});
