import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { until } from '../../tests/support/until.ts';
import type { Question } from './answers.ts';
import { words } from './checks.ts';
import { gatherAsked } from './gather.ts';
import { Terminal } from './Terminal.ts';

function terminal(): { input: PassThrough; shown: () => string; at: Terminal } {
  const input = new PassThrough();
  const out = new PassThrough();
  let shown = '';
  out.setEncoding('utf8').on('data', (text: string) => (shown += text));
  // As a real one, which shows what is typed.
  return { input, shown: () => shown, at: new Terminal(Object.assign(input, { isTTY: true }), out) };
}

const asked: readonly Question[] = [
  { id: 'clinicName', ask: 'Name', check: words(3, 20) },
  { id: 'tls', ask: 'TLS', choices: () => ['acme', 'files'], byDefault: () => 'acme', check: () => undefined },
  { id: 'turnSecret', ask: 'Secret', secret: true, check: words(3, 20) },
];

it('[I2] a bad answer is told and asked for again; empty takes the default; a secret is never shown', async () => {
  const { input, shown, at } = terminal();
  const answers = gatherAsked(asked, {}, {}, at);
  for (const [prompt, line] of [
    ['Name: ', 'ab'],
    ['characters\nName: ', 'Asha'],
    ['TLS [acme]: ', ''],
    ['Secret: ', 'hush-hush'],
  ] as const) {
    await until(`it asks: ${prompt}`, () => shown().endsWith(prompt));
    input.write(`${line}\r`);
  }
  expect(await answers).toEqual({ clinicName: 'Asha', tls: 'acme', turnSecret: 'hush-hush' });
  at.close();
  expect(shown()).toContain('✗ at least 3 characters');
  expect(shown()).not.toContain('hush');
});

it('[I2] the end of the input ends the questions', async () => {
  const { input, at } = terminal();
  input.end('Asha\n');
  await expect(gatherAsked(asked, {}, {}, at)).rejects.toThrow(/nothing was changed/);
});
