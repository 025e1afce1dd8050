import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { hubVariables } from '../../server/config.ts';
import { sfuVariables } from '../../sfu/config.ts';
import { ROOT } from '../support/paths.ts';

test('[I2] every variable that hub and media node read is explained', () => {
  const text = readFileSync(path.join(ROOT, 'docs/configuration.md'), 'utf8');
  const explained = new Set(Array.from(text.matchAll(/`([A-Z][A-Z0-9_]+)`/g), ([, name]) => name));
  expect([...hubVariables, ...sfuVariables].filter((name) => !explained.has(name))).toEqual([]);
});
