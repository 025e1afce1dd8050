import { statfs } from 'node:fs/promises';
import type { Judgement } from './judgement.ts';

/** Room on the disk that holds a folder. */
export interface DiskRoom {
  readonly freeBytes: number;
  readonly totalBytes: number;
  readonly freeFiles: number;
  /** 0: this file system has no limit of files. */
  readonly totalFiles: number;
}

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

/** @throws what the system says, for example when the folder is not there. */
export async function diskRoom(folder: string): Promise<DiskRoom> {
  const { bavail, blocks, bsize, ffree, files } = await statfs(folder);
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize, freeFiles: ffree, totalFiles: files };
}

/**
 * A database that cannot write loses what people do: below 512 MiB or one file in a hundred it is a fault, below 2 GiB, or 10 % of a disk
 * with less than 20 GiB left, a warning.
 */
export function judgeDisk({ freeBytes, totalBytes, freeFiles, totalFiles }: DiskRoom, what: string): Judgement {
  const finding = `${what}: ${size(freeBytes)} free of ${size(totalBytes)}`;
  const remedy = `Free some space, enlarge the disk, or move ${what} to another one.`;
  if (freeBytes < 512 * MIB) return { level: 'fail', finding, remedy };
  if (totalFiles > 0 && freeFiles < totalFiles / 100) {
    return { level: 'fail', finding: `${what}: room for ${freeFiles} more files only (inodes)`, remedy };
  }
  if (freeBytes < 2 * GIB || (freeBytes < totalBytes / 10 && freeBytes < 20 * GIB)) {
    return { level: 'warn', finding, remedy };
  }
  if (totalFiles > 0 && freeFiles < totalFiles / 20) {
    return {
      level: 'warn',
      finding: `${what}: ${Math.round((100 * freeFiles) / totalFiles)} % of inodes free`,
      remedy,
    };
  }
  return { level: 'ok', finding };
}

export function size(bytes: number): string {
  return bytes >= GIB ? `${(bytes / GIB).toFixed(1)} GiB` : `${Math.floor(bytes / MIB)} MiB`;
}
