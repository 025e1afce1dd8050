import { cp, mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { run } from './support/run.ts';
import { printFailure } from './support/log.ts';
import { cacheFolder, ROOT } from './support/paths.ts';
import { SetupError } from './support/SetupError.ts';

/**
 * `npx tsx scripts/imageTree.ts <empty folder>`: carries out the Dockerfile's steps for the image of hub and media node without an
 * engine, in a plain folder. System packages are those of this machine. The result lies in `<folder>/app`:
 * `cd <folder>/app/app && node dist/server.mjs`.
 */
async function main(target: string): Promise<void> {
  if (target === '') throw new SetupError('No folder was given.', 'npx tsx scripts/imageTree.ts /tmp/image');
  const stages = (await readFile(path.join(ROOT, 'Dockerfile'), 'utf8')).replaceAll('\\\n', ' ').split(/^FROM /m);
  for (const stage of stages.slice(1)) {
    const [first = '', ...lines] = stage.split('\n');
    const name = / AS (\w+)/.exec(first)?.[1] ?? '';
    if (name === 'turn') continue;
    const root = path.resolve(target, name);
    await mkdir(path.join(root, 'app'), { recursive: true });
    await seedCache(root);
    for (const line of lines) await step(line.trim(), root, path.resolve(target));
  }
}

/** What was built on this machine before is not built again. */
async function seedCache(root: string): Promise<void> {
  const built = path.join(cacheFolder(), 'media-worker');
  await cp(built, path.join(root, 'opt/nadi/media-worker'), { recursive: true }).catch(() => undefined);
}

async function step(line: string, root: string, target: string): Promise<void> {
  const [what, ...words] = line.split(/\s+/);
  if (what === 'RUN' && words[0] !== 'apt-get') {
    process.stdout.write(`${line}\n`);
    const command = words.join(' ').replaceAll('/opt/nadi', path.join(root, 'opt/nadi'));
    const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], ...npmSettings() };
    const { code, stdout, stderr } = await run('sh', ['-ec', command], { cwd: path.join(root, 'app'), env });
    if (code !== 0)
      throw new SetupError(`It failed (exit ${code}): ${line}\n${stdout}${stderr}`, 'Correct the Dockerfile.');
  }
  if (what !== 'COPY') return;
  const stage = words[0]?.startsWith('--from=') ? words.shift()?.slice(7) : undefined;
  const to = words.pop() ?? '.';
  const ignored = stage === undefined ? await ignoredNames() : [];
  for (const from of words) {
    const source = stage === undefined ? path.join(ROOT, from) : path.join(target, stage, from);
    const there = to.endsWith('/') ? path.join(to, path.basename(from)) : to;
    const place = there.startsWith('/') ? path.join(root, there) : path.join(root, 'app', there);
    const filter = (file: string): boolean => !ignored.includes(path.relative(ROOT, file).split(path.sep)[0] ?? '');
    await cp(source, place, { recursive: true, verbatimSymlinks: true, filter });
  }
}

function npmSettings(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => /^npm_config_(registry|cache)$/i.test(name)),
  );
}

/** The plain names of .dockerignore; its patterns name files that are not in a clean clone. */
async function ignoredNames(): Promise<string[]> {
  const lines = (await readFile(path.join(ROOT, '.dockerignore'), 'utf8')).split('\n');
  return [...lines.filter((line) => /^[\w.-]+$/.test(line)), 'nadi.env'];
}

try {
  await main(process.argv[2] ?? '');
} catch (error) {
  printFailure(error);
  process.exitCode = 1;
}
