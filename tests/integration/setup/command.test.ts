import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseEnv } from 'node:util';
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest';
import { run, type RunResult } from '../../../scripts/support/run.ts';
import { MailServer } from '../../support/providers/mailServer.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const command = ['--import', 'tsx', path.join(root, 'scripts/setup.ts'), '--only', 'settings'];

let folder: string;
let settings: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'nadi-setup-'));
  settings = path.join(folder, 'nadi.env');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const environment = (): NodeJS.ProcessEnv => ({ PATH: process.env['PATH'], HOME: folder, NADI_CONFIG: settings });
const setup = (...args: string[]): Promise<RunResult> =>
  run(process.execPath, [...command, ...args], { cwd: root, env: environment() });
const written = async () => parseEnv(await readFile(settings, 'utf8'));

const clinic = {
  domain: 'clinic.example',
  tls: 'acme',
  acmeMail: 'asha@clinic.example',
  dataDir: '/srv/clinic',
  database: 'embedded',
  announcedAddress: '203.0.113.7',
  turn: 'bundled',
};

it('[E4] takes its answers from a file, sends a test mail, and gives coturn the media node’s secret', async () => {
  const mail = new MailServer();
  const { port } = new URL(await mail.start());
  onTestFinished(() => mail.close());
  const answers = path.join(folder, 'answers.json');
  const smtp = { smtpHost: '127.0.0.1', smtpPort: port, smtpUser: 'clinic', smtpPassword: 'secret' };
  await writeFile(answers, JSON.stringify({ ...clinic, ...smtp }));
  const { code, stdout, stderr } = await setup('--yes', '--answers', answers, '--test-mail', 'asha@clinic.example');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(mail.accepted.map(({ subject }) => subject)).toEqual(['Nadi: mail works']);
  expect(stdout).toContain('took the test mail');
  const turn = path.join(folder, 'turnserver.conf');
  const { SFU_TURN_SECRET: secret = '' } = await written();
  expect(await readFile(turn, 'utf8')).toContain(`\nstatic-auth-secret=${secret}\n`);
  expect((await stat(turn)).mode & 0o777).toBe(0o600);
  for (const kept of [secret, 'secret@', ...Object.values(await written()).filter((value = '') => value.length > 40)]) {
    expect(stdout).not.toContain(kept);
  }
});

it('[I2] answers that are wrong leave nothing behind', async () => {
  const { code, stderr } = await setup('--yes', '--domain', 'clinic.example');
  expect(code).toBe(1);
  expect(stderr).toContain('--database: needed');
  await expect(stat(settings)).rejects.toThrow('ENOENT');
  expect(await setup('--yes', '--domian', 'clinic.example')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('--domian'),
  });
});

it('[I2] asks for what was not given, one line each', async () => {
  const flags = Object.entries(clinic).flatMap(([id, value]) => [
    `--${id.replace(/[A-Z]/g, (one) => `-${one.toLowerCase()}`)}`,
    value,
  ]);
  const child = spawn(process.execPath, [...command, ...flags], { cwd: root, env: environment() });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  // Where it runs, hub's and media node's port, Redis, media port, workers (twice: the first is no number), mail, SMS, backups.
  child.stdin.end(['machine', '', '', '', '', 'many', '4', '', '', '-'].join('\n') + '\n');
  const [code]: unknown[] = await once(child, 'close');
  expect({ code, said }).toMatchObject({ code: 0 });
  expect(said).toContain('✗ a number from 1 to 64');
  expect(await written()).toMatchObject({ SFU_WORKERS: '4', NADI_PUBLIC_URL: 'https://clinic.example', PORT: '3000' });
});
