import { MongoBulkWriteError, MongoNetworkError, MongoServerError, type BulkWriteResult, type Db } from 'mongodb';
import type { Doc } from '../../../server/store/mongo.ts';
import type { Loop } from './Loop.ts';

type Filter = Readonly<Record<string, unknown>>;
type Change = { readonly $set?: Filter; readonly $unset?: Filter };
interface FindOptions {
  readonly sort?: Record<string, 1 | -1>;
  readonly limit?: number;
}
/** A unique key over some documents: null for those it does not concern. */
type UniqueKey = (doc: Doc) => string | null;

/** The unique keys that the platform's invariants rest on; the same as in the migrations. */
const uniqueKeys: Readonly<Record<string, readonly UniqueKey[]>> = {
  events: [(doc) => (typeof doc['cmd'] === 'string' ? `${String(doc['stream'])} ${doc['cmd']}` : null)],
  places: [(doc) => (doc['active'] === true ? String(doc['patientId']) : null)],
  patients: [(doc) => String(doc['code'])],
};

/** How the database fails at a moment. `lost` means that it did as it was told, and the answer never came. */
export type Trouble = 'refused' | 'lost' | null;

/** What a planted bug may do to events on their way into the log; null leaves them alone. */
export type Tamper = (events: readonly Doc[]) => readonly Doc[];

/** The documents, shared by all hubs, with the guarantees of one document at a time that everything rests on. */
export class MemoryDb {
  readonly tables = new Map<string, Map<string, Doc>>();
  /** Until when it does not answer, virtual ms. */
  pausedUntil = 0;
  trouble: () => Trouble = () => null;
  tamper: Tamper | null = null;
  /** A planted bug: this write is acknowledged and forgotten. */
  forgets: () => boolean = () => false;
  /** Numbers the moments at which events became durable. */
  tick: () => number = () => 0;
  /** A planted bug: when an answer was lost, the driver writes again without looking. */
  retriesBlindly = false;
  readonly #loop: Loop;

  constructor(loop: Loop) {
    this.#loop = loop;
  }

  table(name: string): Map<string, Doc> {
    let table = this.tables.get(name);
    if (!table) this.tables.set(name, (table = new Map<string, Doc>()));
    return table;
  }

  all(name: string): Doc[] {
    return [...this.table(name).values()];
  }

  /** As one hub's driver sees it: answers to a process that has died reach nobody. */
  driver(hub: string): Db {
    const collections = new Map<string, unknown>();
    const collection = (name: string): unknown => {
      let made = collections.get(name);
      if (!made) collections.set(name, (made = this.#collection(name, hub)));
      return made;
    };
    return { collection } as unknown as Db;
  }

  #collection(name: string, hub: string) {
    const table = this.table(name);
    const ask = <T>(work: () => T, writes = false): Promise<T> => this.#ask(hub, work, writes);
    return {
      findOne: (filter: Filter) => ask(() => select(table, filter)[0] ?? null),
      find: (filter: Filter, given: FindOptions = {}) => {
        let options = given;
        const cursor = {
          sort: (sort: FindOptions['sort'] & object) => ((options = { ...options, sort }), cursor),
          limit: (limit: number) => ((options = { ...options, limit }), cursor),
          toArray: () => ask(() => select(table, filter, options)),
        };
        return cursor;
      },
      insertOne: (doc: Doc) => ask(() => insert(name, table, doc), true),
      insertMany: (docs: readonly Doc[], { ordered = true }: { ordered?: boolean } = {}) =>
        name === 'events'
          ? this.#append(hub, table, docs, ordered)
          : ask(() => insertMany(name, table, docs, ordered), true),
      updateOne: (filter: Filter, change: Change) =>
        ask(() => {
          const [found] = select(table, filter);
          if (found) update(name, table, found, change);
          return { matchedCount: found ? 1 : 0, modifiedCount: found ? 1 : 0 };
        }, true),
      updateMany: (filter: Filter, change: Change) =>
        ask(() => {
          const found = select(table, filter);
          for (const doc of found) update(name, table, doc, change);
          return { matchedCount: found.length, modifiedCount: found.length };
        }, true),
      bulkWrite: (operations: readonly { updateOne: { filter: Filter; update: Change } }[]) =>
        ask(() => {
          for (const { updateOne: one } of operations) {
            const [found] = select(table, one.filter);
            if (found) update(name, table, found, one.update);
          }
        }, true),
      deleteOne: (filter: Filter) =>
        ask(() => {
          const [found] = select(table, filter);
          return { deletedCount: found && table.delete(found._id) ? 1 : 0 };
        }, true),
    };
  }

  #append(hub: string, table: Map<string, Doc>, docs: readonly Doc[], ordered: boolean): Promise<unknown> {
    const appended = this.tamper?.(docs) ?? docs;
    return this.#ask(
      hub,
      () => this.#insertEvents(table, appended, ordered),
      true,
      () => {
        if (!this.retriesBlindly) return;
        for (const doc of docs) {
          const seq =
            Math.max(
              ...this.all('events')
                .filter((it) => it['stream'] === doc['stream'])
                .map((it) => Number(it['seq'])),
            ) + 1;
          const id = doc._id.slice(0, -10) + String(seq).padStart(10, '0');
          table.set(id, { ...doc, _id: id, seq });
        }
      },
    );
  }

  #insertEvents(table: Map<string, Doc>, docs: readonly Doc[], ordered: boolean): void {
    const committed = this.tick();
    if (this.forgets()) return;
    insertMany(
      'events',
      table,
      docs.map((doc) => ({ ...doc, committed })),
      ordered,
    );
  }

  /** Takes a while; may fail before or after; does as told even when nobody is left to hear it, or does not. */
  #ask<T>(hub: string, work: () => T, writes: boolean, onLost?: () => void): Promise<T> {
    const { random } = this.#loop;
    const wait = random.chance(0.03) ? random.int(20, 400) : random.int(1, 6);
    const reached = random.chance(0.5);
    const trouble = this.trouble();
    return new Promise((resolve, reject) => {
      const act = (): void => {
        if (this.pausedUntil > this.#loop.now) {
          this.#loop.after(this.pausedUntil - this.#loop.now + wait, act, 'database');
          return;
        }
        if (!this.#loop.alive(hub)) {
          if (writes && reached) attempt(work);
          return;
        }
        this.#loop.become(hub);
        if (trouble === 'refused') {
          reject(new MongoNetworkError('connection refused'));
          return;
        }
        const outcome = attempt(work);
        if (trouble === 'lost') {
          if (outcome.ok) onLost?.();
          reject(new MongoNetworkError('connection lost'));
        } else if (outcome.ok) resolve(outcome.value);
        else reject(outcome.error);
      };
      // Even a dead hub's request is looked at: whether it had arrived is part of the fate of a crash.
      this.#loop.after(wait, act, 'database');
    });
  }
}

function attempt<T>(work: () => T): { ok: true; value: T } | { ok: false; error: Error } {
  try {
    return { ok: true, value: work() };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { ok: false, error };
  }
}

function duplicate(): MongoServerError {
  return new MongoServerError({ message: 'duplicate key', code: 11000 });
}

function requireUnique(name: string, table: Map<string, Doc>, doc: Doc): void {
  for (const keyOf of uniqueKeys[name] ?? []) {
    const key = keyOf(doc);
    if (key === null) continue;
    for (const other of table.values()) if (other._id !== doc._id && keyOf(other) === key) throw duplicate();
  }
}

function insert(name: string, table: Map<string, Doc>, doc: Doc): void {
  if (table.has(doc._id)) throw duplicate();
  requireUnique(name, table, doc);
  table.set(doc._id, defined(doc));
}

function insertMany(name: string, table: Map<string, Doc>, docs: readonly Doc[], ordered: boolean): void {
  const refused: { index: number; code: number }[] = [];
  for (const [index, doc] of docs.entries()) {
    try {
      insert(name, table, doc);
    } catch (error) {
      if (!(error instanceof MongoServerError)) throw error;
      refused.push({ index, code: 11000 });
      if (ordered) break;
    }
  }
  if (refused.length === 0) return;
  const writeErrors = refused as never;
  throw new MongoBulkWriteError({ message: 'duplicate key', code: 11000, writeErrors }, {} as BulkWriteResult);
}

function update(name: string, table: Map<string, Doc>, doc: Doc, { $set = {}, $unset = {} }: Change): void {
  const next: Doc = { ...doc, ...defined($set) };
  for (const field of Object.keys($unset)) delete next[field];
  requireUnique(name, table, next);
  table.set(doc._id, next);
}

function defined<T extends Filter>(doc: T): T {
  return Object.fromEntries(Object.entries(doc).filter(([, value]) => value !== undefined)) as T;
}

function select(table: Map<string, Doc>, filter: Filter, { sort, limit }: FindOptions = {}): Doc[] {
  const { _id } = filter;
  const one = typeof _id === 'string' ? table.get(_id) : undefined;
  const from = typeof _id === 'string' ? (one ? [one] : []) : table.values();
  const found: Doc[] = [];
  for (const doc of from) if (matches(doc, filter)) found.push(doc);
  for (const [field, way] of Object.entries(sort ?? {})) {
    found.sort((a, b) => way * compare(a[field], b[field]));
  }
  return limit === undefined ? found : found.slice(0, limit);
}

function matches(doc: Doc, filter: Filter): boolean {
  for (const field in filter) {
    const wanted = filter[field];
    if (wanted === undefined) continue;
    if (field === '$or') {
      if (!(wanted as Filter[]).some((one) => matches(doc, one))) return false;
    } else if (!fits(valueAt(doc, field), wanted)) return false;
  }
  return true;
}

function valueAt(doc: Doc, path: string): unknown {
  if (!path.includes('.')) return doc[path];
  const [head = '', rest = ''] = path.split('.', 2);
  const value = doc[head];
  return Array.isArray(value) ? value.map((one: Filter) => one[rest]) : (value as Filter | undefined)?.[rest];
}

function fits(value: unknown, wanted: unknown): boolean {
  if (Array.isArray(value) && typeof wanted !== 'object') return value.includes(wanted);
  if (typeof wanted !== 'object' || wanted === null) return (value ?? null) === wanted;
  return Object.entries(wanted).every(([operator, operand]) => {
    switch (operator) {
      case '$in':
        return (operand as unknown[]).some((one) => fits(value, one));
      case '$gt':
        return value !== undefined && value !== null && compare(value, operand) > 0;
      case '$lt':
        return value !== undefined && value !== null && compare(value, operand) < 0;
      case '$ne':
        return value !== operand;
      case '$exists':
        return (value !== undefined) === operand;
      default:
        throw new Error(`the memory database does not know ${operator}`);
    }
  });
}

function compare(a: unknown, b: unknown): number {
  if (typeof a !== typeof b) return 0;
  return (a as number) < (b as number) ? -1 : (a as number) > (b as number) ? 1 : 0;
}
