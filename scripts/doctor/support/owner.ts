import { readdir, readFile, readlink } from 'node:fs/promises';

export interface Owner {
  readonly pid: number;
  readonly name: string;
}

/**
 * Which process listens on a port of this machine, as the kernel's tables show it (proc(5), /proc/net); null when it cannot be
 * seen: another user's process, another system, another container.
 */
export async function ownerOf(port: number, protocol: 'tcp' | 'udp'): Promise<Owner | null> {
  const inodes = new Set<string>();
  for (const table of [protocol, `${protocol}6`]) {
    const lines = (await readFile(`/proc/net/${table}`, 'utf8').catch(() => '')).split('\n').slice(1);
    for (const line of lines) {
      const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
      // 0A: a listening TCP socket; UDP has none of that.
      if (parseInt(local.split(':')[1] ?? '', 16) === port && (protocol === 'udp' || state === '0A')) inodes.add(inode);
    }
  }
  if (inodes.size === 0) return null;
  for (const pid of (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name))) {
    if (await holds(pid, inodes)) {
      return { pid: Number(pid), name: (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '?')).trim() };
    }
  }
  return null;
}

async function holds(pid: string, inodes: ReadonlySet<string>): Promise<boolean> {
  for (const fd of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
    const inode = /^socket:\[(\d+)\]$/.exec(await readlink(`/proc/${pid}/fd/${fd}`).catch(() => ''))?.[1];
    if (inode !== undefined && inodes.has(inode)) return true;
  }
  return false;
}
