import type { Db } from 'mongodb';
import { z } from 'zod';
import type { InputOf, OutputOf } from '../../shared/contract/index.ts';
import type { Doc } from '../store/mongo.ts';
import type { Logger } from '../support/logger.ts';
import type { RootSigner } from './chain.ts';
import { databaseSource } from './sources.ts';
import { verifyAudit } from './verify.ts';

const verified = z.object({ at: z.number(), upTo: z.number(), records: z.int(), faults: z.int() });

export interface AuditCheckDeps {
  readonly db: Db;
  readonly signer: RootSigner;
  readonly log: Logger;
  readonly now: () => number;
}

/** Verifies the whole log by itself, so that somebody is told before an auditor comes. */
export class AuditCheck {
  readonly #deps: AuditCheckDeps;

  constructor(deps: AuditCheckDeps) {
    this.#deps = deps;
  }

  /** Reads all of it; what it found is kept for every hub. Signatures count whoever signed: keys may have been changed. */
  async run(): Promise<void> {
    const { db, log, now } = this.#deps;
    const upTo = now();
    const { records, problemCount: faults, problems } = await verifyAudit(databaseSource(db), { trusted: null });
    if (faults > 0) log.error({ faults, first: problems[0] }, 'the audit log is not as it was written');
    await db
      .collection<Doc>('auditState')
      .updateOne({ _id: 'verified' }, { $set: { at: now(), upTo, records, faults } }, { upsert: true });
  }

  async state({ before, limit }: InputOf<'audit.state'>): Promise<OutputOf<'audit.state'>> {
    const { db, signer } = this.#deps;
    const filter = { root: true, ...(before === undefined ? {} : { at: { $lt: before } }) };
    const [found, roots] = await Promise.all([
      db.collection<Doc>('auditState').findOne({ _id: 'verified' }),
      db.collection<Doc>('audit').find(filter).sort({ at: -1 }).limit(limit).toArray(),
    ]);
    return {
      publicKey: signer.publicKey,
      roots: roots.map(({ _id, ...root }) => root),
      verified: found ? verified.parse(found) : null,
    };
  }
}
