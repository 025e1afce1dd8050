import type { Collection, Db } from 'mongodb';
import { newId } from '../support/ids.ts';
import { durable, type Doc } from './mongo.ts';

/** Whom and what a record is about; ids only. */
export interface AuditSubject {
  readonly patientId?: string | undefined;
  readonly entryId?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly threadId?: string | undefined;
  readonly accountId?: string | undefined;
}
export interface AuditRecord {
  readonly accountId: string;
  readonly action: string;
  readonly phase: 'intent' | 'outcome' | 'subscribed' | 'unsubscribed';
  readonly subject: AuditSubject;
  /** `OK` or an error code; for outcomes. */
  readonly code?: string;
  readonly traceId: string;
}

/** Writes who read or changed what. Records of one moment go to the database together. */
export class AuditLog {
  readonly #collection: Collection<Doc>;
  readonly #now: () => number;
  #pending: { doc: Doc; resolve: () => void; reject: (error: unknown) => void }[] = [];
  #writing: Promise<void> | null = null;

  constructor(db: Db, now: () => number) {
    this.#collection = db.collection<Doc>('audit');
    this.#now = now;
  }

  /** Resolves when the record is durable. */
  write(record: AuditRecord): Promise<void> {
    const { subject, ...rest } = record;
    const doc: Doc = { _id: newId(), at: this.#now(), ...rest, ...subject };
    return new Promise((resolve, reject) => {
      this.#pending.push({ doc, resolve, reject });
      this.#writing ??= this.#flush();
    });
  }

  /** Waits until everything handed in is durable. */
  async settle(): Promise<void> {
    while (this.#writing) await this.#writing;
  }

  async #flush(): Promise<void> {
    await Promise.resolve();
    while (this.#pending.length > 0) {
      const batch = this.#pending.splice(0, 200);
      try {
        await this.#collection.insertMany(
          batch.map((one) => one.doc),
          { ordered: false, writeConcern: durable },
        );
        for (const one of batch) one.resolve();
      } catch (error) {
        for (const one of batch) one.reject(error);
      }
    }
    this.#writing = null;
  }
}
