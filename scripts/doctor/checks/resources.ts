import { readFile } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { size } from '../../../server/health/disk.ts';
import { ok, together, warn, type Check } from '../check.ts';

const GIB = 1024 ** 3;

/** Memory, processors and open files that this user or container may have. */
export const resources: Check = {
  id: 'resources',
  title: 'Memory and CPU',
  run: async ({ embedded }) => {
    const limit = process.constrainedMemory();
    const memory = limit > 0 ? Math.min(limit, totalmem()) : totalmem();
    const cpus = await processors();
    const openFiles = await openFileLimit();
    const needed = embedded ? 1.5 * GIB : 0.75 * GIB;
    return together([
      memory < needed
        ? warn(`${size(memory)} of memory, ${size(needed)} needed`, 'Give the machine or the container more.')
        : ok(`${size(memory)} of memory, ${cpus} ${cpus === 1 ? 'core' : 'cores'}`),
      ...(cpus < 1 ? [warn(`${cpus} of a core only`, 'Calls will stutter: give it one core or more.')] : []),
      ...(openFiles !== null && openFiles < 4096
        ? [
            warn(
              `${openFiles} open files at most`,
              'Every connection is one: raise LimitNOFILE (systemd) or ulimit -n.',
            ),
          ]
        : []),
    ]);
  },
};

/** Those of the machine, or the part of them that a container may use (cgroup v2 cpu.max: quota and period). */
async function processors(): Promise<number> {
  const text = await readFile('/sys/fs/cgroup/cpu.max', 'utf8').catch(() => 'max');
  const [quota, period] = text.trim().split(' ').map(Number);
  const share = quota && period ? quota / period : Infinity;
  return Math.min(availableParallelism(), Math.round(share * 10) / 10);
}

/** Node itself raises the soft limit to the hard one. */
async function openFileLimit(): Promise<number | null> {
  const text = await readFile('/proc/self/limits', 'utf8').catch(() => '');
  const found = /^Max open files\s+\S+\s+(\S+)/m.exec(text)?.[1];
  return found === undefined || found === 'unlimited' ? null : Number(found);
}
