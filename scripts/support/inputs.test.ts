import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { hashInputs, inputFiles } from './inputs.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'nadi-inputs-'));
  await mkdir(path.join(root, 'server/queue'), { recursive: true });
  await writeFile(path.join(root, 'server/queue/rules.ts'), 'one');
  await writeFile(path.join(root, 'server/queue/rules.test.ts'), 'test');
  await writeFile(path.join(root, 'package.json'), '{}');
});
afterEach(() => rm(root, { recursive: true, force: true }));

const inputs = ['package.json', 'server', 'absent.js'];

it('lists files deep down, without tests and without what does not exist', async () => {
  expect(await inputFiles(root, inputs)).toEqual(['package.json', 'server/queue/rules.ts']);
});

it('changes with a content and with a name, not with a date or a test', async () => {
  const before = await hashInputs(root, inputs);
  await utimes(path.join(root, 'package.json'), new Date(0), new Date(0));
  await writeFile(path.join(root, 'server/queue/rules.test.ts'), 'another test');
  expect(await hashInputs(root, inputs)).toBe(before);
  await writeFile(path.join(root, 'server/queue/rules.ts'), 'two');
  const changed = await hashInputs(root, inputs);
  expect(changed).not.toBe(before);
  await writeFile(path.join(root, 'server/queue/more.ts'), '');
  expect(await hashInputs(root, inputs)).not.toBe(changed);
});
