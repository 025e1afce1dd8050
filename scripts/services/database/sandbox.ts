import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { engineUid } from './tree.ts';

export interface Sandbox {
  /** The engine's Debian tree; read-only inside. */
  tree: string;
  /** The engine's data; `/data` inside. */
  data: string;
  /** Where its unix socket appears; `/run/postgresql` inside. */
  socketDir: string;
  /** Held while anything in the sandbox lives, by the kernel: two engines never open one folder. */
  lockFile: string;
}

/** Exit code of a start that found the lock taken. */
export const lockedExit = 75;

/**
 * The command line that runs a program of the tree: own mount, process, IPC and (empty) network namespaces, nothing writable but
 * data and socket, no capabilities, and death together with the parent. Root starts it directly and drops to the engine's id;
 * anybody else gets a user namespace in which they are that id.
 *
 * Process 1 of the namespace is bubblewrap's own, under our id: it ends with its parent, and the kernel then ends everything else
 * in there. The program cannot be that process, for a change of identity undoes "die with the parent". So however one of them
 * dies, no pid, lock or shared memory of an earlier run is met again.
 */
export function sandboxCommand(sandbox: Sandbox, program: readonly string[]): [string, string[]] {
  const root = process.getuid?.() === 0;
  const id = String(engineUid);
  const identity = root
    ? ['--cap-drop', 'ALL', '--cap-add', 'CAP_SETUID', '--cap-add', 'CAP_SETGID']
    : ['--unshare-user', '--uid', id, '--gid', id];
  const drop = root
    ? ['/usr/bin/setpriv', '--reuid', id, '--regid', id, '--clear-groups', '--inh-caps=-all', '--no-new-privs', '--']
    : [];
  return [
    'flock',
    [
      ...['--nonblock', '--no-fork', '--conflict-exit-code', String(lockedExit), sandbox.lockFile, 'bwrap'],
      ...['--ro-bind', sandbox.tree, '/', '--dev', '/dev', '--proc', '/proc', '--tmpfs', '/tmp', '--tmpfs', '/run'],
      ...['--bind', sandbox.data, '/data', '--bind', sandbox.socketDir, '/run/postgresql', '--chdir', '/'],
      ...['--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-net', '--die-with-parent'],
      ...['--clearenv', '--setenv', 'LC_ALL', 'C.UTF-8', '--setenv', 'TZ', 'UTC'],
      ...['--setenv', 'PATH', '/usr/lib/postgresql/18/bin:/usr/bin:/bin'],
      ...['--info-fd', '3', ...identity, ...drop, ...program],
    ],
  ];
}

/** Starts a program in the sandbox. `init` resolves to process 1 of the sandbox as the host sees it. */
export function spawnInSandbox(
  sandbox: Sandbox,
  program: readonly string[],
  output: 'pipe' | 'ignore' | number,
): { process: ChildProcess; init: Promise<number> } {
  const [command, args] = sandboxCommand(sandbox, program);
  const stdio: StdioOptions = ['ignore', output, output, 'pipe'];
  // Its own process group: Ctrl-C in a terminal reaches the supervisor only, which stops it in order.
  const child = spawn(command, args, { stdio, detached: true });
  const init = new Promise<number>((resolve, reject) => {
    let text = '';
    const info = child.stdio[3];
    if (!(info instanceof Readable)) {
      reject(new Error('no information pipe'));
      return;
    }
    info.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
      const pid = /"child-pid":\s*(\d+)/.exec(text)?.[1];
      if (pid !== undefined) resolve(Number(pid));
    });
    child.on('error', reject);
    child.on('exit', (code) => {
      reject(new Error(`ended with exit code ${code ?? 'by signal'}`));
    });
  });
  init.catch(() => undefined);
  return { process: child, init };
}

/** Sends a signal to the program of a sandbox: the child of its process 1. */
export async function signalProgram(init: number, signal: NodeJS.Signals): Promise<void> {
  const children = (await readFile(`/proc/${init}/task/${init}/children`, 'utf8')).trim().split(/\s+/);
  const [program] = children.map(Number).filter((pid) => pid > 0);
  if (program === undefined) throw new Error('the sandbox is empty');
  process.kill(program, signal);
}
