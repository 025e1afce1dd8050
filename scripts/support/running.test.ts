import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readRunning, writeRunning } from './running.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'nadi-running-'));
});
afterEach(() => rm(folder, { recursive: true }));

const run = {
  ...{ pid: process.pid, port: 3000, sfuPort: 3001, rtcPort: 40_000 },
  ...{ mongodbUri: 'mongodb://127.0.0.1:1/', engine: 'test', mediaWorker: null },
};

test('[I2] what runs is known to its owner while it runs, and to nobody after', async () => {
  const forget = await writeRunning(folder, run);
  expect((await stat(path.join(folder, 'running.json'))).mode & 0o777).toBe(0o600);
  expect(await readRunning(folder)).toEqual(run);
  await forget();
  expect(await readRunning(folder)).toBeNull();
});

test('[I2] what a killed run left behind is not believed', async () => {
  await writeRunning(folder, { ...run, pid: 2 ** 22 + 1 });
  expect(await readRunning(folder)).toBeNull();
  await writeFile(path.join(folder, 'running.json'), 'half');
  expect(await readRunning(folder)).toBeNull();
});
