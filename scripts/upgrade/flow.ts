import { readFile, rename, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { messageOf, SetupError } from '../support/SetupError.ts';

const note = z.object({
  /** Commits. */
  from: z.string(),
  to: z.string(),
  /** The branch that was checked out before; null: none. */
  branch: z.string().nullable(),
  version: z.string(),
  /** The archive that was taken first. */
  backup: z.string(),
  startedAt: z.number(),
  /** `code`: the database is as it was · `data`: the new version has been at it · `done` · `rolledBack`. */
  phase: z.enum(['code', 'data', 'done', 'rolledBack']),
});
export type UpgradeNote = z.infer<typeof note>;

/** What an upgrade does to the world; each throws when it fails. */
export interface UpgradeSteps {
  /** Where the note of the last upgrade is kept. */
  readonly noteFile: string;
  readonly version: string;
  readonly git: (...args: string[]) => Promise<string>;
  /** Takes a backup and answers its name. */
  readonly backup: () => Promise<string>;
  /** Replaces the database by that backup. */
  readonly restore: (name: string) => Promise<void>;
  /** Installs and builds what is checked out. */
  readonly install: () => Promise<void>;
  /** Migrates, starts what was built on a spare port, and waits until it answers. */
  readonly probe: () => Promise<void>;
  readonly say: (line: string) => void;
}

/**
 * Backup, new code, migrations, a look whether it runs; back to where it was when anything fails.
 * @param ref the commit, tag or branch to go to.
 * @throws SetupError when it did not succeed; it says whether everything is as before.
 */
export async function upgrade(steps: UpgradeSteps, ref: string): Promise<UpgradeNote | null> {
  const { git, say } = steps;
  const to = await commitOf(steps, ref);
  const from = await commitOf(steps, 'HEAD');
  if (to === from) return null;
  if ((await git('status', '--porcelain', '--untracked-files=no')) !== '') {
    throw new SetupError(
      'Files of the program were changed here.',
      'git stash, or take the changes back; then try again.',
    );
  }
  const branch = (await git('branch', '--show-current')) || null;
  const backup = await steps.backup();
  say(`backup ${backup}`);
  const begun = { from, to, branch, version: steps.version, backup, startedAt: Date.now(), phase: 'code' } as const;
  await writeNote(steps, begun);
  try {
    await git('checkout', '--quiet', '--detach', to);
    await steps.install();
    await writeNote(steps, { ...begun, phase: 'data' });
    await steps.probe();
  } catch (error) {
    say(`the upgrade failed: ${messageOf(error)}`);
    await rollback(steps);
    throw new SetupError(
      `The upgrade to ${ref} failed: ${messageOf(error)}`,
      'Everything is as it was before: npm start. Tell who made the version.',
    );
  }
  const done = { ...begun, phase: 'done' } as const;
  await writeNote(steps, done);
  return done;
}

/** Back to the code and, where the new version has been at it, the data of before the last upgrade. May be run again. */
export async function rollback(steps: UpgradeSteps): Promise<UpgradeNote> {
  const last = await lastUpgrade(steps.noteFile);
  if (!last || last.phase === 'rolledBack') {
    throw new SetupError('There is no upgrade to roll back.', 'npm run backup -- list shows what could be restored.');
  }
  steps.say(`rolling back to ${last.version} (${last.from.slice(0, 10)})`);
  const there = last.branch !== null && (await commitOf(steps, last.branch)) === last.from ? last.branch : null;
  await steps.git('checkout', '--quiet', ...(there === null ? ['--detach', last.from] : [there]));
  await steps.install();
  if (last.phase !== 'code') {
    steps.say(`restoring ${last.backup}`);
    await steps.restore(last.backup);
  }
  const back = { ...last, phase: 'rolledBack' } as const;
  await writeNote(steps, back);
  return back;
}

export async function lastUpgrade(file: string): Promise<UpgradeNote | null> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  });
  return text === null ? null : note.parse(JSON.parse(text));
}

async function writeNote({ noteFile }: UpgradeSteps, what: UpgradeNote): Promise<void> {
  await writeFile(`${noteFile}.draft`, `${JSON.stringify(what, null, 2)}\n`, { mode: 0o600 });
  await rename(`${noteFile}.draft`, noteFile);
}

async function commitOf({ git }: UpgradeSteps, ref: string): Promise<string> {
  try {
    return await git('rev-parse', '--verify', '--quiet', `${ref}^{commit}`);
  } catch {
    throw new SetupError(
      `There is no version "${ref}" here.`,
      'git fetch --tags, then name a tag, a branch or a commit.',
    );
  }
}
