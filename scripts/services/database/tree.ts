import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensurePackages } from '../../support/apt.ts';
import type { StepLog } from '../../support/log.ts';
import { run } from '../../support/run.ts';
import { SetupError } from '../../support/SetupError.ts';
import { withLock } from '../mediaWorkerLock.ts';
import { cacheFolder } from './paths.ts';

/** Debian packages of the host that the DocumentDB engine needs, to build its tree and to run it. */
export const documentdbPackages = ['mmdebstrap', 'uidmap', 'bubblewrap', 'debian-archive-keyring'] as const;

/** The release that first carried the extension; its libc is newer than most hosts', hence a tree of its own. */
const suite = 'forky';
const enginePackage = 'postgresql-18-documentdb';
/** Raise it when what is put into the tree changes. */
const generation = 1;

/** Under this id the engine runs inside its sandbox: no account of Debian's, and none of the host's usual ones. */
export const engineUid = 54_320;

/**
 * Makes sure that the engine's tree (a minimal Debian with PostgreSQL 18 and DocumentDB) is in the cache; returns its folder.
 * Building takes about a minute and 500 MB and happens once for every user of the cache; a half-built tree is never seen.
 */
export async function ensureTree(log: StepLog): Promise<string> {
  const name = `${suite}-${process.arch}-${generation}`;
  const parent = join(cacheFolder(), 'documentdb');
  const tree = join(parent, name);
  if (await exists(join(tree, 'nadi-tree.json'))) return tree;
  await ensurePackages(documentdbPackages, log);
  await mkdir(parent, { recursive: true });
  const waiting = (pid: number): void => log.info(`another process (${pid}) is building the database engine; waiting`);
  await withLock(join(parent, `${name}.lock`), waiting, async () => {
    if (await exists(join(tree, 'nadi-tree.json'))) return;
    for (const left of await readdir(parent)) {
      if (left.startsWith(`${name}.tmp-`)) await discard(join(parent, left));
    }
    const temporary = join(parent, `${name}.tmp-${process.pid}`);
    log.step('database engine: PostgreSQL 18 with DocumentDB from Debian packages (about a minute, once)');
    try {
      await build(temporary, log);
      await rename(temporary, tree);
    } finally {
      await discard(temporary);
    }
  });
  return tree;
}

/** Removes a half-built tree, but nothing that might still be mounted in it. */
async function discard(tree: string): Promise<void> {
  await run('rm', ['-rf', '--one-file-system', tree]);
}

/**
 * For root: mmdebstrap mounts /proc, /sys and devices into the tree. In namespaces of its own they are visible to it alone, and
 * they and every process in there vanish with this process, however it ends.
 */
const isolate = [
  'setpriv',
  '--pdeathsig',
  'KILL',
  'unshare',
  '--mount',
  '--pid',
  '--fork',
  '--kill-child',
  '--mount-proc',
];

async function build(target: string, log: StepLog): Promise<void> {
  const options = [
    '--variant=minbase',
    `--include=${enginePackage}`,
    '--aptopt=Acquire::Check-Valid-Until "false"', // a mirror may be a snapshot
    '--aptopt=Acquire::Languages "none"',
    '--aptopt=Acquire::Retries "3"',
    ...['doc', 'man', 'info', 'locale', 'lintian'].map((part) => `--dpkgopt=path-exclude=/usr/share/${part}/*`),
    '--dpkgopt=path-include=/usr/share/doc/*/copyright',
    '--dpkgopt=path-exclude=/usr/lib/postgresql/18/lib/bitcode/*', // for the JIT compiler, which is off
    // Debian would create and start a cluster of its own while installing.
    '--essential-hook=mkdir -p "$1/etc/postgresql-common" && echo "create_main_cluster = false" > "$1/etc/postgresql-common/createcluster.conf"',
    `--customize-hook=echo "nadi:x:${engineUid}:${engineUid}:database engine:/:/bin/sh" >> "$1/etc/passwd"`,
    `--customize-hook=echo "nadi:x:${engineUid}:" >> "$1/etc/group"`,
    '--customize-hook=rm -rf "$1/var/lib/postgresql/18" "$1"/var/cache/* "$1"/var/lib/apt/lists/* "$1"/var/log/*',
    '--customize-hook=mkdir -p "$1/data"',
  ];
  await mkdir(target, { recursive: true });
  const root = process.getuid?.() === 0;
  const mmdebstrap = ['mmdebstrap', ...options, '--format', root ? 'directory' : 'tar', suite, root ? target : '-'];
  // Root gets a folder; everybody else a tar stream, unpacked as their own files without device nodes.
  const unpack = 'set -e; "$@" > "$0.tar"; tar -x --no-same-owner --exclude="./dev/*" -C "$0" -f "$0.tar"; rm "$0.tar"';
  const code = await stream(root ? [...isolate, ...mmdebstrap] : ['sh', '-c', unpack, target, ...mmdebstrap], log);
  if (code !== 0) {
    throw new SetupError(
      `The database engine could not be built from Debian's packages (mmdebstrap exit ${code})`,
      'Check that a Debian package mirror is reachable, or set MONGODB_URI to a MongoDB server.',
    );
  }
  const version = await run('dpkg-query', [
    `--admindir=${join(target, 'var/lib/dpkg')}`,
    '--show',
    '--showformat=${Version}',
    enginePackage,
  ]);
  await stat(join(target, 'usr/lib/postgresql/18/bin/postgres'));
  const marker = { package: enginePackage, version: version.stdout.trim(), suite, builtAt: new Date().toISOString() };
  await writeFile(join(target, 'nadi-tree.json'), `${JSON.stringify(marker, null, 2)}\n`);
}

/** Runs a program and shows its progress lines; returns the exit code. */
function stream([program = '', ...args]: readonly string[], log: StepLog): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let rest = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split(/[\r\n]+/);
      rest = lines.pop() ?? '';
      for (const line of lines) if (/^[IWE]: (?!running --)/.test(line)) log.info(line.slice(3));
    });
    child.on('error', reject);
    child.on('close', (code) => {
      resolve(code ?? 128);
    });
  });
}

/** The version of the packaged extension in a tree. */
export async function treeVersion(tree: string): Promise<string> {
  const text = await readFile(join(tree, 'usr/share/postgresql/18/extension/documentdb.control'), 'utf8');
  return /default_version\s*=\s*'([^']+)'/.exec(text)?.[1] ?? 'unknown';
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
