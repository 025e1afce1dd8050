import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readSettings } from './settings.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'nadi-settings-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

test('[I2] the file says it, the environment has the last word', async () => {
  const file = path.join(folder, 'clinic.env');
  await writeFile(file, 'NADI_MODE=production\nPORT=4000 # the proxy’s\nMAIL_FROM="Clinic <desk@clinic.example>"\n', {
    mode: 0o600,
  });
  const { env, file: read } = readSettings({ NADI_CONFIG: file, PORT: '5000' });
  expect(read).toBe(file);
  expect(env).toMatchObject({ NADI_MODE: 'production', PORT: '5000', MAIL_FROM: 'Clinic <desk@clinic.example>' });
});

test('[I2] a named file that is not there, or that others may read, is refused', async () => {
  const file = path.join(folder, 'clinic.env');
  expect(() => readSettings({ NADI_CONFIG: file })).toThrow(/cannot be read/);
  await writeFile(file, 'NADI_MODE=production\n');
  await chmod(file, 0o644);
  expect(() => readSettings({ NADI_CONFIG: file })).toThrow(/Others on this machine/);
});
