import { Code, CommandError } from './errors.ts';

/** A cursor between two batches. The engine keeps no connection for it: its whole state is the continuation document. */
export interface Cursor {
  id: bigint;
  database: string;
  collection: string;
  continuation: Buffer;
  /** Milliseconds, from the clock passed in. */
  lastUsed: number;
  busy: boolean;
}

export interface CursorLimits {
  /** MongoDB's `cursorTimeoutMillis`. */
  idleMs: number;
  /** Oldest ones are dropped beyond this. */
  most: number;
}

/** All open cursors of the gateway: any connection may continue any of them, as with MongoDB. */
export class CursorStore {
  readonly #cursors = new Map<bigint, Cursor>();
  readonly #limits: CursorLimits;
  readonly #now: () => number;

  constructor(limits: CursorLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
  }

  get size(): number {
    return this.#cursors.size;
  }

  /** Keeps a cursor; returns the ids of those it had to drop to make room. */
  add(id: bigint, database: string, collection: string, continuation: Buffer): bigint[] {
    this.#cursors.set(id, { id, database, collection, continuation, lastUsed: this.#now(), busy: false });
    const dropped: bigint[] = [];
    for (const cursor of this.#cursors.values()) {
      if (this.#cursors.size <= this.#limits.most) break;
      if (cursor.busy || cursor.id === id) continue;
      this.#cursors.delete(cursor.id);
      dropped.push(cursor.id);
    }
    return dropped;
  }

  /** Takes a cursor for one batch; `settle` or `kill` ends that. Throws CursorNotFound or CursorInUse. */
  take(id: bigint, database: string, collection: string): Cursor {
    const cursor = this.#cursors.get(id);
    if (cursor?.database !== database || cursor.collection !== collection) {
      throw new CommandError(Code.CursorNotFound, `cursor id ${id} not found`);
    }
    if (cursor.busy) throw new CommandError(Code.CursorInUse, `cursor id ${id} is already in use`);
    cursor.busy = true;
    return cursor;
  }

  /** Puts a taken cursor back with its new continuation; null means that it is exhausted. */
  settle(cursor: Cursor, continuation: Buffer | null): void {
    cursor.busy = false;
    cursor.lastUsed = this.#now();
    if (continuation === null) this.#cursors.delete(cursor.id);
    else cursor.continuation = continuation;
  }

  /** Forgets a cursor; false when there is none. */
  kill(id: bigint): boolean {
    return this.#cursors.delete(id);
  }

  /** Forgets cursors unused for too long and returns their ids. */
  sweep(): bigint[] {
    const before = this.#now() - this.#limits.idleMs;
    const expired = [...this.#cursors.values()].filter((cursor) => !cursor.busy && cursor.lastUsed < before);
    for (const cursor of expired) this.#cursors.delete(cursor.id);
    return expired.map((cursor) => cursor.id);
  }
}
