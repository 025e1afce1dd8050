import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { newId } from '../../support/ids.ts';
import { BackupError } from '../errors.ts';
import type { BackupTarget, StoredObject } from './types.ts';

const draft = '.part';
/** A draft that nobody has written to for this long belongs to a process that died, ms. */
const staleMs = 24 * 3600_000;

/** Backups in a folder: another disk, a mounted share. Files are for their owner only. */
export class FolderTarget implements BackupTarget {
  readonly title: string;
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = path.resolve(folder);
    this.title = this.#folder;
  }

  async put(name: string, content: Readable): Promise<{ bytes: number }> {
    const written = path.join(this.#folder, `${name}.${newId()}${draft}`);
    let bytes = 0;
    await this.#try('written to', async () => {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      await this.#removeStaleDrafts();
    });
    try {
      const file = await open(written, 'wx', 0o600);
      try {
        for await (const chunk of content) {
          if (!Buffer.isBuffer(chunk)) throw new TypeError('not bytes');
          await file.write(chunk);
          bytes += chunk.length;
        }
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(written, path.join(this.#folder, name));
      await this.#syncFolder();
      return { bytes };
    } catch (error) {
      content.destroy();
      await rm(written, { force: true });
      throw isSystemError(error) ? this.#unusable('written to', error) : error;
    }
  }

  async list(): Promise<StoredObject[]> {
    const names = await this.#try('read', async () => {
      const found = await readdir(this.#folder).catch((error: unknown) => {
        if (codeOf(error) === 'ENOENT') return [];
        throw error;
      });
      return found.filter((name) => !name.endsWith(draft)).sort();
    });
    const found = await Promise.all(names.map((name) => this.find(name)));
    return found.filter((one) => one !== null);
  }

  async find(name: string): Promise<StoredObject | null> {
    return await this.#try('read', async () => {
      try {
        const { size, isFile } = await statOf(path.join(this.#folder, name));
        return isFile ? { name, bytes: size } : null;
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return null;
        throw error;
      }
    });
  }

  async read(name: string, offset: number): Promise<Readable> {
    if (!(await this.find(name))) throw new BackupError('missing', `there is no ${name}`);
    return createReadStream(path.join(this.#folder, name), { start: offset, highWaterMark: 256 * 1024 });
  }

  async remove(name: string): Promise<void> {
    await this.#try('written to', () => rm(path.join(this.#folder, name), { force: true }));
  }

  async #removeStaleDrafts(): Promise<void> {
    for (const name of await readdir(this.#folder)) {
      if (!name.endsWith(draft)) continue;
      const file = path.join(this.#folder, name);
      const { mtimeMs } = await stat(file).catch(() => ({ mtimeMs: Infinity }));
      if (mtimeMs < Date.now() - staleMs) await rm(file, { force: true });
    }
  }

  /** The new name itself must survive a power cut. */
  async #syncFolder(): Promise<void> {
    const folder = await open(this.#folder, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }

  async #try<T>(use: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw this.#unusable(use, error);
    }
  }

  #unusable(use: string, error: unknown): BackupError {
    const code = codeOf(error);
    const why = code === 'ENOSPC' ? 'the disk is full' : typeof code === 'string' ? code : 'it failed';
    return new BackupError('target', `the backup folder ${this.#folder} cannot be ${use}: ${why}`, { cause: error });
  }
}

async function statOf(file: string): Promise<{ size: number; isFile: boolean }> {
  const found = await stat(file);
  return { size: found.size, isFile: found.isFile() };
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}
