import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../tests/support/until.ts';
import type { RestartPolicy } from './backoff.ts';
import type { ServiceSpec } from './ServiceProcess.ts';
import { createSupervisor, type Supervisor } from './supervisor.ts';

const quick: RestartPolicy = { baseMs: 5, maxMs: 20, stableMs: 60_000, maxDeaths: 4 };

/** Stops as a service should: on SIGTERM and when its supervisor is gone. */
const wellBehaved = (name: string, atStop = ''): string => `
  const stop = () => { console.log('${name} stops'); ${atStop}; process.exit(0); };
  process.on('SIGTERM', stop);
  process.on('disconnect', stop);
  setInterval(() => {}, 1000);
  console.log('${name} up ' + process.pid + ' ' + process.env.NADI_SUPERVISED);
`;

describe('supervisor', () => {
  let folder: string;
  let lines: string[];
  let notes: string[];
  let supervisor: Supervisor;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'nadi-supervise-'));
    lines = [];
    notes = [];
    supervisor = createSupervisor({
      policy: quick,
      random: () => 0.5,
      onLine: (_, line) => lines.push(line),
      onNote: (name, note) => notes.push(`${name} ${note}`),
    });
  });

  afterEach(async () => {
    await supervisor.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function service(name: string, code: string, more: Partial<ServiceSpec> = {}): Promise<ServiceSpec> {
    const file = path.join(folder, `${name}.mjs`);
    await writeFile(file, code);
    return { name, args: () => [file], env: () => ({ PATH: process.env['PATH'] }), stopMs: 5000, ...more };
  }

  it('starts a killed service again as a new process', async () => {
    const process1 = supervisor.start(await service('hub', wellBehaved('hub')));
    await until('the service to be up', () => lines.length === 1);
    const first = process1.pid!;
    expect(lines[0]).toBe(`hub up ${first} 1`);
    process.kill(first, 'SIGKILL');
    await until('its second life', () => lines.length === 2);
    expect(process1.pid).not.toBe(first);
    expect(process1.starts).toBe(2);
    expect(notes).toEqual(['hub died (ended by SIGKILL); starting again in 0.0 s']);
  });

  it('gives up on a service that keeps dying, saying how it died', async () => {
    const dying = supervisor.start(await service('sfu', 'process.exit(3)'));
    expect(await supervisor.gaveUp).toBe('sfu: exit code 3, 4 times in a row');
    expect(dying.starts).toBe(4);
    expect(dying.pid).toBeUndefined();
  });

  it('stops the last started first, one after the other', async () => {
    for (const name of ['database', 'sfu', 'hub']) supervisor.start(await service(name, wellBehaved(name)));
    await until('all three to be up', () => lines.length === 3);
    await supervisor.stop();
    expect(lines.slice(3)).toEqual(['hub stops', 'sfu stops', 'database stops']);
    expect(notes).toEqual([]);
  });

  it('restarts on demand, and not any more once stopped', async () => {
    const hub = supervisor.start(await service('hub', wellBehaved('hub')));
    await until('the first life', () => lines.length === 1);
    await hub.restart();
    await until('the second life', () => lines.length === 3);
    await Promise.all([hub.restart(), supervisor.stop()]);
    expect(hub.pid).toBeUndefined();
    expect([hub.starts, notes]).toEqual([2, []]);
  });

  it('does not bring back a service that waits for its restart when stopped', async () => {
    const slow = createSupervisor({
      policy: { ...quick, baseMs: 60_000, maxMs: 60_000 },
      onLine: () => {},
      onNote: (_, note) => notes.push(note),
    });
    const dead = slow.start(await service('hub', 'process.exit(1)'));
    await until('its death', () => notes.length === 1);
    await slow.stop();
    expect(dead.starts).toBe(1);
    expect(dead.pid).toBeUndefined();
  });

  it('ends by force what does not stop in time, with everything it started', async () => {
    const stubborn = `
      import { spawn } from 'node:child_process';
      process.on('SIGTERM', () => {});
      const helper = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
      helper.on('spawn', () => console.log('helper ' + helper.pid));
      setInterval(() => {}, 1000);
    `;
    const service1 = supervisor.start(await service('sfu', stubborn, { stopMs: 50 }));
    const helper = await until('the helper', () => Number(/helper (\d+)/.exec(lines.join('\n'))?.[1]));
    const pid = service1.pid!;
    await supervisor.stop();
    expect(notes).toEqual(['sfu did not stop within 0.05 s: ended by force']);
    await until('both to be gone', () => !alive(pid) && !alive(helper));
  });

  it('cleans up after a service that died and left a process behind', async () => {
    const careless = `
      import { spawn } from 'node:child_process';
      const helper = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
      helper.on('spawn', () => { process.stdout.write('helper ' + helper.pid + '\\n', () => process.exit(1)); });
    `;
    supervisor.start(await service('sfu', careless));
    const helper = await until('the helper', () => Number(/helper (\d+)/.exec(lines.join('\n'))?.[1]));
    await until('the helper to be gone', () => !alive(helper));
  });

  it('leaves no orphan when the supervisor itself is killed', async () => {
    const hub = await service('hub', wellBehaved('hub'));
    const main = path.join(folder, 'main.ts');
    const source = path.join(import.meta.dirname, 'supervisor.ts');
    await writeFile(
      main,
      `import { createSupervisor } from ${JSON.stringify(source)};
       const supervisor = createSupervisor({ onLine: (name, line) => console.log(line), onNote: console.log });
       supervisor.start({ name: 'hub', args: () => ${JSON.stringify(hub.args())}, env: () => process.env, stopMs: 5000 });`,
    );
    const root = path.resolve(import.meta.dirname, '../..');
    const killed = spawn(process.execPath, ['--import', 'tsx', main], { cwd: root });
    let output = '';
    for (const stream of [killed.stdout, killed.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const pid = await until('the child to be up', () => Number(/hub up (\d+)/.exec(output)?.[1]));
    killed.kill('SIGKILL');
    await until('the supervisor to be gone', () => killed.signalCode === 'SIGKILL');
    await until('the child to notice and go', () => !alive(pid));
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
