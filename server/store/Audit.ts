import type { Collection, Db } from 'mongodb';
import { link, namedUpTo, recordId, root, toLookAt, type Position, type RootSigner } from '../audit/chain.ts';
import { done, Grouped } from '../support/Grouped.ts';
import { newId } from '../support/ids.ts';
import { durable, isDuplicateKey, type Doc } from './mongo.ts';

/** Whom and what a record is about; ids only. */
export interface AuditSubject {
  readonly patientId?: string | undefined;
  readonly entryId?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly threadId?: string | undefined;
  /** The account it is about, which need not be the one that acts. */
  readonly ofAccountId?: string | undefined;
  /** What else it is about: its kind and id. */
  readonly resource?: string | undefined;
  readonly resourceId?: string | undefined;
}
export const auditPhases = ['intent', 'outcome', 'subscribed', 'unsubscribed'] as const;
export type AuditPhase = (typeof auditPhases)[number];
export interface AuditRecord {
  /** Who acts: an account, `visitor` without one, `system` by itself. */
  readonly accountId: string;
  /** The sign-in it is done from. */
  readonly sid?: string | undefined;
  /** In which role. */
  readonly role: string;
  readonly action: string;
  readonly phase: AuditPhase;
  readonly subject: AuditSubject;
  /** `OK` or an error code; for outcomes. */
  readonly code?: string;
  readonly traceId: string;
}

export interface AuditLogOptions {
  readonly db: Db;
  readonly now: () => number;
  readonly signer: RootSigner;
  /** Which process writes, for whoever reads the log. */
  readonly process: { readonly hub: string; readonly version: string };
  /** After a signed record became durable: for copies outside of the database. */
  readonly onRoot?: (record: Readonly<Record<string, unknown>>) => void;
}

type RootContent = { readonly phase: 'begin' | 'root' | 'end' } | Cut;
interface Cut {
  readonly phase: 'cut';
  readonly cuts: readonly Position[];
  readonly before: number;
}
type Entry =
  'begin' | { readonly record: AuditRecord } | { readonly root: RootContent; readonly seen: readonly Position[] };

/** Enough of the latest roots to hold one of every chain that nobody has named yet. */
const latestRoots = 300;

/**
 * Writes who read or changed what, as this process's own hash chain. Records of one moment go to the database together, in
 * their order, so that whatever ends the process leaves an unbroken beginning of the chain.
 */
export class AuditLog {
  readonly chain = newId();
  readonly #collection: Collection<Doc>;
  readonly #options: AuditLogOptions;
  readonly #writes: Grouped<Entry, undefined>;
  #head: Position | null = null;
  /** Linked already, and perhaps not stored: the database did not answer. They go before anything else. */
  #owed: Doc[] = [];

  constructor(options: AuditLogOptions) {
    this.#options = options;
    this.#collection = options.db.collection<Doc>('audit');
    // One at a time: a later group must not become durable before an earlier one.
    this.#writes = new Grouped({ atOnce: 1, mostTogether: 200, run: (entries) => this.#write(entries) });
  }

  /** Opens the chain, if nothing has yet. */
  async begin(): Promise<void> {
    await this.#writes.put('begin');
  }

  /** Resolves when the record is durable. */
  async write(record: AuditRecord): Promise<void> {
    await this.#writes.put({ record });
  }

  /** Signs how far this chain is and how far the others are, as far as they are durable. */
  async root(phase: 'root' | 'end' = 'root'): Promise<void> {
    await this.#writes.put({ root: { phase }, seen: await this.#others() });
  }

  /** Signs that records before `before` may be gone: of each chain those with a smaller number. */
  async cut(cuts: readonly Position[], before: number): Promise<void> {
    await this.#writes.put({ root: { phase: 'cut', cuts, before }, seen: [] });
  }

  /** The last record. What was handed in before is durable then. */
  async close(): Promise<void> {
    if (this.#head) await this.root('end');
  }

  async #write(entries: readonly Entry[]) {
    await this.#store();
    if (!this.#head) {
      const [seen, earlier] = await Promise.all([this.#others(), this.#earlier()]);
      this.#signed({ phase: 'begin' }, seen, earlier);
    }
    for (const entry of entries) {
      if (entry === 'begin') continue;
      if ('root' in entry) this.#signed(entry.root, entry.seen);
      else this.#link(this.#plain(entry.record));
    }
    await this.#store();
    return entries.map(() => done(undefined));
  }

  #plain({ subject, ...rest }: AuditRecord): object {
    return { at: this.#options.now(), ...rest, ...subject };
  }

  #signed(content: RootContent, seen: readonly Position[], earlier?: number): void {
    const { now, signer, process } = this.#options;
    const named = { accountId: 'system', role: 'system', action: `audit.${content.phase}`, traceId: this.chain };
    const about = content.phase === 'begin' ? { ...process, ...(earlier === undefined ? {} : { earlier }) } : {};
    const { publicKey } = signer;
    this.#link({ at: now(), ...named, ...content, ...about, root: true, publicKey, seen });
  }

  #link(content: object): void {
    const present = Object.fromEntries(Object.entries(content).filter(([, value]) => value !== undefined));
    const record = link(present, this.#head ?? this.chain);
    const { n, hash } = record;
    this.#head = { chain: this.chain, n, hash };
    const signature = 'root' in content ? { signature: this.#options.signer.sign(hash) } : {};
    this.#owed.push({ _id: recordId(this.chain, n), ...record, ...signature });
  }

  /** Makes durable what is linked. Once linked a record has its place: after a failure it is tried again as it is. */
  async #store(): Promise<void> {
    if (this.#owed.length === 0) return;
    try {
      await this.#collection.insertMany(this.#owed, { ordered: true, writeConcern: durable });
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
      // Some are there: an answer was lost. The others follow in their order.
      const ids = this.#owed.map(({ _id }) => _id);
      const found = await this.#collection.find({ _id: { $in: ids } }).toArray();
      const there = new Set(found.map(({ _id }) => _id));
      this.#owed = this.#owed.filter(({ _id }) => !there.has(_id));
      if (this.#owed.length > 0) {
        await this.#collection.insertMany(this.#owed, { ordered: true, writeConcern: durable });
      }
    }
    const stored = this.#owed;
    this.#owed = [];
    for (const { _id, ...record } of stored) if (record['root'] === true) this.#options.onRoot?.(record);
  }

  /** Records of a version without chains, counted once for ever: by the first chain of all. */
  async #earlier(): Promise<number | undefined> {
    if (await this.#collection.findOne({ root: true })) return undefined;
    const unlinked = { chain: { $exists: false } };
    return (await this.#collection.find(unlinked, { projection: { _id: 1 } }).toArray()).length;
  }

  /** How far the other chains are, where nobody has said so yet. */
  async #others(): Promise<Position[]> {
    const latest = await this.#collection.find({ root: true }, { sort: { at: -1 }, limit: latestRoots }).toArray();
    const roots = latest.flatMap((one) => root.safeParse(one).data ?? []);
    const heads = await Promise.all(
      toLookAt(roots, this.chain).map(async ({ chain, ended }) => ended ?? (await this.#headOf(chain))),
    );
    return heads.filter((head) => head !== null).filter(({ chain, n }) => namedUpTo(roots, chain) < n);
  }

  async #headOf(chain: string): Promise<Position | null> {
    const [last] = await this.#collection
      .find({ _id: { $gt: `${chain}:`, $lt: `${chain};` } }, { sort: { _id: -1 }, limit: 1 })
      .toArray();
    return last ? { chain, n: Number(last['n']), hash: String(last['hash']) } : null;
  }
}
