import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../tests/support/until.ts';
import { run } from './support/run.ts';

const script = path.resolve(import.meta.dirname, 'bootstrap.mjs');
const tsx = path.resolve(import.meta.dirname, '../node_modules/tsx');
const nvmrc = path.resolve(import.meta.dirname, '../.nvmrc');

/** A house with our bootstrap, nothing locked, and the given target script. */
describe('bootstrap', () => {
  let house: string;

  beforeEach(async () => {
    house = await mkdtemp(path.join(tmpdir(), 'nadi-bootstrap-'));
    await mkdir(path.join(house, 'scripts'));
    await cp(script, path.join(house, 'scripts/bootstrap.mjs'));
    await cp(nvmrc, path.join(house, '.nvmrc'));
    await writePackage('^20.19.0 || >=22.13.0');
    await writeFile(path.join(house, 'package-lock.json'), lock({}));
  });

  afterEach(() => rm(house, { recursive: true, force: true }));

  const lock = (packages: object): string =>
    JSON.stringify({ name: 'house', version: '1.0.0', lockfileVersion: 3, requires: true, packages });

  const writePackage = (node: string, dependencies = {}): Promise<void> =>
    writeFile(
      path.join(house, 'package.json'),
      JSON.stringify({ name: 'house', version: '1.0.0', type: 'module', engines: { node }, dependencies }),
    );

  async function install(code: string): Promise<void> {
    await mkdir(path.join(house, 'node_modules/.cache/nadi'), { recursive: true });
    await symlink(tsx, path.join(house, 'node_modules/tsx'));
    const content = await readFile(path.join(house, 'package-lock.json'));
    const hash = createHash('sha256').update(content).update(`${process.platform}-${process.arch}`).digest('hex');
    await writeFile(path.join(house, 'node_modules/.cache/nadi/dependencies'), hash);
    await writeFile(path.join(house, 'scripts/start.ts'), code);
  }

  const boot = (...args: string[]): ReturnType<typeof run> =>
    run(process.execPath, [path.join(house, 'scripts/bootstrap.mjs'), ...args], {
      // Port 9 is "discard": nobody listens, so a registry there is as good as no network.
      env: { PATH: process.env['PATH'], npm_config_registry: 'http://127.0.0.1:9/', npm_config_fetch_retries: '0' },
    });

  it('refuses a Node that the engines field does not cover, with the version to install', async () => {
    await writePackage('^99.0.0');
    const { code, stderr } = await boot('start');
    expect(code).toBe(1);
    expect(stderr).toContain(`Node ${process.versions.node} is not supported (needed: ^99.0.0)`);
    expect(stderr).toContain('nvm install');
  });

  it('skips what is installed, passes arguments on and ends with the target’s exit code', async () => {
    await install('console.log(process.argv.slice(2).join("+")); process.exit(7)');
    const { code, stdout } = await boot('start', 'one', '--two');
    expect({ code, stdout }).toEqual({ code: 7, stdout: '· dependencies skipped\none+--two\n' });
  });

  it('names an unreachable registry as the cause', async () => {
    await writePackage('>=20.0.0', { 'left-pad': '1.3.0' });
    const entry = { version: '1.3.0', resolved: 'http://127.0.0.1:9/left-pad/-/left-pad-1.3.0.tgz' };
    const root = { name: 'house', version: '1.0.0', dependencies: { 'left-pad': '1.3.0' } };
    await writeFile(path.join(house, 'package-lock.json'), lock({ '': root, 'node_modules/left-pad': entry }));
    const { code, stderr } = await boot('start');
    expect(code).toBe(1);
    expect(stderr).toContain('The npm registry could not be reached.');
  });

  it('refuses an unknown target', async () => {
    expect((await boot('fly')).stderr).toContain('There is no target "fly"');
  });

  it('forwards a signal, and its own death is noticed by the target', async () => {
    await install(`
      process.on('SIGTERM', () => { console.log('asked to stop'); process.exit(0); });
      process.on('disconnect', () => { process.exit(0); });
      setInterval(() => {}, 1000);
      console.log('pid ' + process.pid);
    `);
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      let output = '';
      const child = spawn(process.execPath, [path.join(house, 'scripts/bootstrap.mjs'), 'start']);
      child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
      const [, pid] = await until('the target to run', () => /pid (\d+)/.exec(output));
      child.kill(signal);
      await until('the bootstrap to end', () => child.exitCode !== null || child.signalCode !== null);
      await until('the target to end', () => !alive(Number(pid)));
      if (signal === 'SIGTERM') {
        expect(output).toContain('asked to stop');
        expect(child.exitCode).toBe(0);
      }
    }
  });
});

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
