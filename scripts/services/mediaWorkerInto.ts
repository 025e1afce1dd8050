import { chmod, copyFile } from 'node:fs/promises';
import { ensureMediaWorker } from './mediaWorker.ts';
import { printFailure } from '../support/log.ts';

/** `mediaWorkerInto.ts <file>`: has the media worker downloaded or built, and puts it there. For images. */
const [, , target = ''] = process.argv;
const say = (line: string): void => void process.stdout.write(`${line}\n`);
try {
  await copyFile(await ensureMediaWorker({ step: say, info: say }), target);
  await chmod(target, 0o755);
} catch (error) {
  printFailure(error);
  process.exitCode = 1;
}
