// Runs before there is a node_modules: nothing here but Node itself. It checks the Node version, installs the locked
// dependencies when they are not there yet, then hands over to scripts/<target>.ts and ends as that ends.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const TARGETS = [
  ...['start', 'test', 'check', 'dev', 'bench', 'build', 'rows'],
  ...['setup', 'doctor', 'backup', 'restore', 'upgrade', 'keys', 'audit'],
];
const STAMP = path.join(ROOT, 'node_modules', '.cache', 'nadi', 'dependencies');

/** @param {string} cause @param {string} remedy @returns {never} */
function fail(cause, remedy) {
  console.error(`\n✗ ${cause}\n  → ${remedy}`);
  process.exit(1);
}

/** @param {string} file */
function json(file) {
  return JSON.parse(readFileSync(path.join(ROOT, file), 'utf8'));
}

/** Whether a version satisfies a range made of `^a.b.c` and `>=a.b.c` joined by `||` (all that our engines field uses). */
function satisfies(version, range) {
  const have = version.split('.').map(Number);
  return range.split('||').some((part) => {
    const found = /^\s*(\^|>=)(\d+)\.(\d+)\.(\d+)\s*$/.exec(part);
    if (!found) return false;
    const want = found.slice(2).map(Number);
    const differing = want.findIndex((number, index) => number !== have[index]);
    const enough = differing === -1 || have[differing] > want[differing];
    return enough && (found[1] === '>=' || have[0] === want[0]);
  });
}

function checkNode() {
  const range = json('package.json').engines.node;
  if (satisfies(process.versions.node, range)) return;
  const recommended = readFileSync(path.join(ROOT, '.nvmrc'), 'utf8').trim();
  fail(
    `Node ${process.versions.node} is not supported (needed: ${range}).`,
    `Install Node ${recommended} (https://nodejs.org, or: nvm install ${recommended}) and try again.`,
  );
}

/** What must be installed, as one hash: the lock file and the platform that native packages were chosen for. */
function wanted() {
  const lock = readFileSync(path.join(ROOT, 'package-lock.json'));
  return createHash('sha256').update(lock).update(`${process.platform}-${process.arch}`).digest('hex');
}

/** Whether npm's own record of what it installed agrees with the lock file (an `npm ci` run by hand, say). */
function installedByHand() {
  const record = path.join('node_modules', '.package-lock.json');
  if (!existsSync(path.join(ROOT, record))) return false;
  const installed = json(record).packages;
  return Object.entries(json('package-lock.json').packages).every(([where, entry]) => {
    if (where === '') return true;
    const found = installed[where];
    return found ? found.version === entry.version : Boolean(entry.optional || entry.devOptional || entry.peer);
  });
}

function writeStamp() {
  mkdirSync(path.dirname(STAMP), { recursive: true });
  writeFileSync(STAMP, wanted());
}

async function dependencies() {
  const begin = Date.now();
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted()) return console.log('· dependencies skipped');
  if (installedByHand()) {
    writeStamp();
    return console.log('· dependencies skipped');
  }
  rmSync(STAMP, { force: true });
  console.log('  … dependencies: npm ci');
  const elapsed = () => `${((Date.now() - begin) / 1000).toFixed(1)} s`;
  const progress = setInterval(() => console.log(`  … dependencies: npm ci, ${elapsed()}`), 15_000);
  const { code, output } = await npmCi();
  clearInterval(progress);
  if (code !== 0) {
    console.log(`✗ dependencies ${elapsed()}`);
    explain(code, output);
  }
  writeStamp();
  console.log(`✓ dependencies ${elapsed()}`);
}

/** @returns {Promise<{code: number, output: string}>} */
function npmCi() {
  // Install scripts stay off: the media worker has its own step, and nothing else needs one. Development tools are
  // what builds the client, so NODE_ENV=production must not leave them out.
  const args = ['ci', '--ignore-scripts', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  const cli = process.env.npm_execpath;
  const [program, first] = cli && /npm-cli\.c?js$/.test(cli) ? [process.execPath, [cli]] : ['npm', []];
  return new Promise((resolve) => {
    const child = spawn(program, [...first, ...args], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => (output += text));
    child.on('error', (error) => resolve({ code: 127, output: error.message }));
    child.on('close', (code) => resolve({ code: code ?? 128, output }));
  });
}

/** @param {number} code @param {string} output @returns {never} */
function explain(code, output) {
  console.error(output.trim().split('\n').slice(-12).join('\n'));
  if (code === 127) fail('npm was not found.', 'Install npm (it comes with Node) and make sure it is on the PATH.');
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ERR_SOCKET_TIMEOUT/.test(output)) {
    fail(
      'The npm registry could not be reached.',
      'Check the network, a proxy (npm config get proxy) and the registry (npm config get registry), then try again.',
    );
  }
  if (/ENOSPC/.test(output)) fail('The disk is full.', 'Free about 1 GB and try again.');
  if (/EACCES|EPERM|EROFS/.test(output)) {
    fail('node_modules cannot be written.', `Make ${ROOT} writable for this user and try again.`);
  }
  if (/EUSAGE/.test(output)) {
    fail('package.json and package-lock.json do not agree.', 'Run npm install and commit the lock file.');
  }
  fail(`npm ci failed (exit ${code}).`, 'See the lines above; then try again.');
}

/** @param {string} target @param {string[]} args */
function hand(target, args) {
  const script = path.join(ROOT, 'scripts', `${target}.ts`);
  // The IPC channel carries nothing: its end tells the target that this process is gone, however it went.
  const child = spawn(process.execPath, ['--import', 'tsx', script, ...args], {
    cwd: ROOT,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => fail(`Node could not be started: ${error.message}`, 'Try again.'));
  child.on('close', (code, signal) => process.exit(code ?? 128 + (os.constants.signals[signal ?? 'SIGTERM'] ?? 0)));
}

const [target = '', ...args] = process.argv.slice(2);
if (!TARGETS.includes(target)) fail(`There is no target "${target}".`, `Use one of: ${TARGETS.join(', ')}.`);
checkNode();
await dependencies();
hand(target, args);
