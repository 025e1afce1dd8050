import type { Db } from 'mongodb';
import type { AuditLog } from '../store/Audit.ts';
import type { Doc } from '../store/mongo.ts';
import { recordId, root, type Position, type Root } from './chain.ts';

export interface AuditRetentionDeps {
  readonly db: Db;
  readonly audit: AuditLog;
  readonly now: () => number;
  readonly keepMs: number;
}

/** Chains looked at in one run; the others wait for the next. */
const rootsAtOnce = 5_000;

/**
 * Removes records whose time is over. First a signed record says from where on each chain is kept, then they go: what is
 * left verifies, and nobody without the key can shorten a chain and call it retention.
 */
export class AuditRetention {
  readonly #deps: AuditRetentionDeps;

  constructor(deps: AuditRetentionDeps) {
    this.#deps = deps;
  }

  /** Returns how many records went. */
  async purge(): Promise<number> {
    const { db, audit, now, keepMs } = this.#deps;
    const collection = db.collection<Doc>('audit');
    const before = now() - keepMs;
    const old = await collection
      .find({ root: true, at: { $lt: before } })
      .sort({ at: 1 })
      .limit(rootsAtOnce)
      .toArray();
    const last = new Map<string, Root>();
    for (const doc of old) {
      const one = root.safeParse(doc).data;
      if (one && one.n >= (last.get(one.chain)?.n ?? 0)) last.set(one.chain, one);
    }
    const cuts: Position[] = [];
    for (const one of last.values()) {
      const cut = await this.#cutOf(one, before);
      if (cut) cuts.push(cut);
    }
    if (cuts.length === 0) return 0;
    await audit.cut(cuts, before);
    let removed = 0;
    for (const { chain, n } of cuts) {
      removed += (await collection.deleteMany({ _id: { $gt: `${chain}:`, $lt: recordId(chain, n) } })).deletedCount;
    }
    return removed;
  }

  /** A chain that is over goes whole; another one up to its last root that is old enough. */
  async #cutOf(one: Root, before: number): Promise<Position | null> {
    const [head] = await this.#deps.db
      .collection<Doc>('audit')
      .find({ _id: { $gt: `${one.chain}:`, $lt: `${one.chain};` } })
      .sort({ _id: -1 })
      .limit(1)
      .toArray();
    if (head && Number(head['at']) < before && one.chain !== this.#deps.audit.chain) {
      return { chain: one.chain, n: Number(head['n']) + 1, hash: String(head['hash']) };
    }
    const earlier = { _id: { $gt: `${one.chain}:`, $lt: recordId(one.chain, one.n) } };
    const any = await this.#deps.db.collection<Doc>('audit').findOne(earlier);
    return any ? { chain: one.chain, n: one.n, hash: one.prev } : null;
  }
}
