import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { run, type RunResult } from '../../scripts/support/run.ts';
import { demoLogins, demoPassword } from '../../server/seed/people.ts';
import { openPage, launchBrowser, desktop, shoot } from '../support/browser.ts';
import { selfSigned } from '../support/certificates.ts';
import { freePort } from '../support/ports.ts';
import { until } from '../support/until.ts';

const root = resolve(import.meta.dirname, '../..');
const bootstrap = join(root, 'scripts/bootstrap.mjs');
const email = 'asha@clinic.example';

let folder: string;
let settings: string;
let url: string;
let said: RunResult;
let running: ChildProcess;
let output = '';
let browser: Browser;
let page: Page;

/** Of this machine only what any program needs; the clinic's settings come from its file. */
function environment(): NodeJS.ProcessEnv {
  const kept = /^(PATH|HOME|LANG|TMPDIR|USER|NADI_CACHE|XDG_CACHE_HOME|MEDIASOUP_WORKER_BIN)$|^npm_/;
  const here = Object.fromEntries(Object.entries(process.env).filter(([name]) => kept.test(name)));
  return { ...here, NADI_CONFIG: settings };
}

async function setup(...args: string[]): Promise<RunResult> {
  return await run(process.execPath, [bootstrap, 'setup', '--yes', ...args], { cwd: root, env: environment() });
}

const keysOf = async () => {
  const env = parseEnv(await readFile(settings, 'utf8'));
  return Object.fromEntries(Object.entries(env).filter(([name]) => /KEY|SECRET|TOKEN/.test(name)));
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nadi-clinic-'));
  settings = join(folder, 'nadi.env');
  const { certFile, keyFile } = await selfSigned(folder, 'clinic.example');
  const [port, sfuPort, tlsPort, sfuTlsPort, rtcPort] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  url = `https://localhost:${tlsPort}`;
  said = await setup(
    ...['--clinic-name', 'Asha’s Clinic', '--zone', 'Asia/Kolkata', '--domain', 'localhost'],
    ...['--admin-name', 'Asha Rao', '--admin-email', email],
    ...['--tls', 'files', '--tls-cert', certFile, '--tls-key', keyFile],
    ...['--tls-port', String(tlsPort), '--sfu-tls-port', String(sfuTlsPort)],
    ...['--port', String(port), '--sfu-port', String(sfuPort), '--rtc-port', String(rtcPort), '--workers', '1'],
    ...['--database', 'embedded', '--data-dir', join(folder, 'data')],
    ...['--announced-address', '127.0.0.1', '--turn', 'none'],
  );
  expect({ code: said.code, stderr: said.stderr }).toEqual({ code: 0, stderr: '' });
  running = spawn(process.execPath, [bootstrap, 'start'], { cwd: root, env: environment() });
  process.once('exit', () => running.kill('SIGKILL'));
  for (const stream of [running.stdout, running.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  [browser] = await Promise.all([
    launchBrowser(),
    until(
      'the clinic is ready',
      () => {
        if (running.exitCode !== null) throw new Error(output.slice(-2000));
        return output.includes('Nadi is ready');
      },
      { timeoutMs: 150_000, everyMs: 200 },
    ),
  ]);
  ({ page } = await openPage(browser, { ...desktop, ignoreHTTPSErrors: true }));
}, 240_000);

afterAll(async () => {
  await browser?.close();
  if (running?.exitCode === null) {
    const gone = once(running, 'exit');
    running.kill('SIGTERM');
    await gone;
  }
  await rm(folder, { recursive: true, force: true });
});
afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  process.stderr.write(`${output.slice(-3000)}\n`);
  if (page) await shoot({ page }, 'production');
});

test('[I2] a clinic set up from nothing starts, is ready, and knows no demo login', async () => {
  expect((await stat(settings)).mode & 0o777).toBe(0o600);
  await page.goto(url);
  expect(await page.locator('meta[name="nadi-mode"]').getAttribute('content')).toBe('production');
  await page.getByLabel('Email').waitFor();
  expect(await page.getByText('demo', { exact: false }).count()).toBe(0);
  const answers = await page.evaluate(
    async (tries) => {
      const { ok } = await fetch('/readyz');
      const codes: string[] = [];
      for (const body of tries) {
        const headers = { 'content-type': 'application/json' };
        codes.push(await (await fetch('/api/v1/auth/login', { method: 'POST', headers, body })).text());
      }
      return { ok, codes };
    },
    demoLogins.slice(0, 3).map((login) => JSON.stringify({ email: login.email, password: demoPassword })),
  );
  expect(answers.ok).toBe(true);
  for (const answer of answers.codes) expect(answer).toContain('BAD_CREDENTIALS');
  expect(output).not.toContain(demoPassword);
});

test('[D1] the page may signal to the media node’s own door, and to no plain one', async () => {
  const { SFU_PUBLIC_URL: node = '' } = parseEnv(await readFile(settings, 'utf8'));
  await until('the hub knows its media node', async () => (await page.request.get(`${url}/readyz`)).ok());
  const policy = (await page.request.get(url)).headers()['content-security-policy'] ?? '';
  const connect = policy.split(';').find((part) => part.trim().startsWith('connect-src')) ?? '';
  expect(connect).toContain(node.replace('https:', 'wss:'));
  expect(connect).not.toMatch(/\bws:|\bhttp:/);
});

test('[A1] the first admin signs in with the password that was shown once, by a cookie for https only', async () => {
  const password = /shown this once: {2}(\S+)/.exec(said.stdout)?.[1] ?? '';
  expect(password).toMatch(/^[a-z2-9]{5}(-[a-z2-9]{5}){3}$/);
  expect(await readFile(settings, 'utf8')).not.toContain(password);
  await page.goto(url);
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByTestId('notice-bell').waitFor();
  await page.getByText('Live', { exact: true }).waitFor();
  const refresh = (await page.context().cookies(`${url}/api/v1/auth/refresh`)).find(({ name }) => /refresh/.test(name));
  expect(refresh).toMatchObject({ secure: true, httpOnly: true, sameSite: 'Strict' });
});

test('[I2] set up again while it runs, settings change and keys stay', async () => {
  const before = await keysOf();
  const again = await setup('--smtp-host', 'mail.example.org', '--mail-from', 'Clinic <desk@clinic.example>');
  expect({ code: again.code, stderr: again.stderr }).toEqual({ code: 0, stderr: '' });
  expect(await keysOf()).toEqual(before);
  expect(await readFile(settings, 'utf8')).toContain('SMTP_URL=smtp://mail.example.org:587');
  expect(await readFile(`${settings}.before`, 'utf8')).not.toContain('SMTP_URL');
});

test('[I2] without its keys it does not start, and says all that is missing', async () => {
  const bare = join(folder, 'bare.env');
  await writeFile(bare, 'NADI_MODE=production\n', { mode: 0o600 });
  const env = { ...environment(), NADI_CONFIG: bare, NADI_DATA: join(folder, 'bare') };
  const { code, stderr } = await run(process.execPath, [bootstrap, 'start'], { cwd: root, env });
  expect(code).toBe(1);
  for (const name of [
    'MONGODB_URI',
    'NADI_SECRET',
    'NADI_KEY',
    'NADI_GRANT_PRIVATE_KEY',
    'NADI_SFU_SECRET',
    'NADI_GRANT_PUBLIC_KEY',
  ]) {
    expect(stderr).toContain(`  ${name}`);
  }
  expect(stderr).toContain('npm run setup');
});
