import type { Readable } from 'node:stream';

export interface StoredObject {
  readonly name: string;
  readonly bytes: number;
}

/** Where backups are kept: a flat set of named objects. Every call rejects with BackupError `target` when it cannot be used. */
export interface BackupTarget {
  /** For people: a folder or an address; no secrets. */
  readonly title: string;
  /**
   * Stores the whole stream under this name, replacing what was there at once when it is complete and durable, never before. When the
   * stream fails nothing is stored.
   */
  put(name: string, content: Readable): Promise<{ readonly bytes: number }>;
  list(): Promise<StoredObject[]>;
  /** Null when there is none. */
  find(name: string): Promise<StoredObject | null>;
  /** Content from byte `offset` to the end. @throws BackupError `missing` */
  read(name: string, offset: number): Promise<Readable>;
  /** Nothing when there is none. */
  remove(name: string): Promise<void>;
}
