import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { SetupError } from './SetupError.ts';
import type { StepLog } from './log.ts';
import { run } from './run.ts';

let updated = false;

/**
 * Makes sure that these Debian packages are installed. As root on Debian or Ubuntu the missing ones are installed
 * (non-interactive, no recommended packages, waiting up to five minutes for another package manager); otherwise a
 * SetupError names the exact command. Whether that is fatal is for the caller to decide.
 */
export async function ensurePackages(names: readonly string[], log: StepLog): Promise<void> {
  const missing = await missingPackages(names);
  if (missing.length === 0) return;
  const command = `apt-get update && apt-get install --yes --no-install-recommends ${missing.join(' ')}`;
  if (!(await isDebian())) {
    throw new SetupError(
      `These system packages are missing: ${missing.join(' ')}`,
      `Install them with this system's package manager (the names are Debian's; there it would be: ${command}).`,
    );
  }
  if (process.getuid?.() !== 0) {
    throw new SetupError(
      `These system packages are missing, and only root may install them: ${missing.join(' ')}`,
      `Run: sudo sh -c '${command}'`,
    );
  }
  if (!updated) {
    log.step('apt-get update');
    await apt(['update', '-qq'], log, `apt-get update`);
    updated = true;
  }
  log.step(`apt-get install ${missing.join(' ')}`);
  await apt(['install', '-qq', '--yes', '--no-install-recommends', ...missing], log, command);
}

/** Those of `names` that dpkg does not report as installed; all of them where there is no dpkg. */
export async function missingPackages(names: readonly string[]): Promise<string[]> {
  const missing: string[] = [];
  for (const name of names) {
    const { code, stdout } = await run('dpkg-query', ['--show', '--showformat=${db:Status-Status}', name]);
    if (code !== 0 || stdout.trim() !== 'installed') missing.push(name);
  }
  return missing;
}

async function isDebian(): Promise<boolean> {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(text);
}

async function apt(args: readonly string[], log: StepLog, command: string): Promise<void> {
  const tail: string[] = [];
  const code = await new Promise<number>((resolve, reject) => {
    // DPkg::Lock::Timeout waits for the lock instead of failing when another apt is at work.
    const child = spawn('apt-get', ['-o', 'DPkg::Lock::Timeout=300', '-o', 'Acquire::Retries=2', ...args], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const keep = (chunk: Buffer): void => {
      tail.push(...chunk.toString('utf8').split('\n').filter(Boolean));
      tail.splice(0, Math.max(0, tail.length - 8));
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', reject);
    child.on('close', (exit) => {
      resolve(exit ?? 1);
    });
  });
  if (code === 0) return;
  for (const line of tail) log.info(line);
  throw new SetupError(
    `apt-get failed (exit ${code}): ${tail.findLast((line) => line.startsWith('E:')) ?? 'see the lines above'}`,
    `Check that the package mirror is reachable, then run: ${command}`,
  );
}
