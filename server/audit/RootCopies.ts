import { appendFile, mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Logger } from '../support/logger.ts';

/**
 * Copies every signed root to a folder that the database's owner cannot write: one file per chain, one line per root, only
 * ever appended to. What could not be written yet goes with the next one.
 */
export class RootCopies {
  readonly #folder: string;
  readonly #log: Logger;
  #waiting: Readonly<Record<string, unknown>>[] = [];
  #writing: Promise<void> = Promise.resolve();

  constructor(folder: string, log: Logger) {
    this.#folder = folder;
    this.#log = log;
  }

  add(record: Readonly<Record<string, unknown>>): void {
    this.#waiting.push(record);
    this.#writing = this.#writing.then(() => this.#write());
  }

  async settle(): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    const records = this.#waiting;
    if (records.length === 0) return;
    try {
      await mkdir(this.#folder, { recursive: true });
      const lines = records.map((record) => `${JSON.stringify(record)}\n`).join('');
      // A log has one chain: all of them belong into its file.
      await appendFile(path.join(this.#folder, `${String(records[0]?.['chain'])}.ndjson`), lines, { mode: 0o640 });
      this.#waiting = this.#waiting.filter((one) => !records.includes(one));
    } catch (error) {
      this.#log.warn({ err: error }, 'audit root not copied; it goes with the next one');
    }
  }
}
