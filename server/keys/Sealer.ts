import type { Doc } from '../store/mongo.ts';
import type { SealedSpec } from './fields.ts';
import { SealError } from './MasterKeys.ts';
import type { PatientKeys } from './PatientKeys.ts';
import { isSealed, openText, sealText } from './sealText.ts';

/** Seals and opens the listed fields of one collection's documents. Values travel as JSON, so any plain type may be sealed. */
export class Sealer {
  readonly #collection: string;
  readonly #spec: SealedSpec;
  readonly #keys: PatientKeys;

  constructor(collection: string, spec: SealedSpec, keys: PatientKeys) {
    this.#collection = collection;
    this.#spec = spec;
    this.#keys = keys;
  }

  /** @throws ErasedError when the subject's key was destroyed: nothing new is written about who was erased. */
  async seal(doc: Doc): Promise<Doc> {
    const key = await this.#keys.keyOf(this.#subjectOf(doc));
    const sealed: Doc = { ...doc };
    for (const field of Object.keys(this.#spec.fields)) {
      if (doc[field] === undefined || doc[field] === null) continue;
      sealed[field] = sealText(key, JSON.stringify(doc[field]), this.#context(doc, field));
    }
    return sealed;
  }

  /** Of who was erased, what stands in the list instead. @throws SealError when a sealed value was changed or moved. */
  async open(doc: Doc): Promise<Doc> {
    const sealed = Object.entries(this.#spec.fields).flatMap(([field, erased]) => {
      const value: unknown = doc[field];
      return typeof value === 'string' && isSealed(value) ? [{ field, value, erased }] : [];
    });
    if (sealed.length === 0) return doc;
    const key = await this.#keys.keyIfAny(this.#subjectOf(doc));
    // Not the same as erased: somebody removed the key's record.
    if (key === undefined) throw new SealError('the key of a sealed document is missing');
    const opened: Doc = { ...doc };
    for (const { field, value, erased } of sealed) {
      opened[field] = key ? JSON.parse(openText(key, value, this.#context(doc, field))) : erased;
    }
    return opened;
  }

  /** A conditional update would write in the clear: sealed fields are written with their document. */
  refuse(fields: Readonly<Record<string, unknown>> | undefined): void {
    const found = Object.keys(fields ?? {}).find((name) =>
      name.split('.', 1).some((field) => field in this.#spec.fields),
    );
    if (found !== undefined) throw new SealError(`${this.#collection}.${found} is sealed and cannot be set alone`);
  }

  #subjectOf(doc: Doc): string {
    const subject: unknown = doc[this.#spec.subject];
    if (typeof subject !== 'string') throw new SealError(`a document of ${this.#collection} names no subject`);
    return subject;
  }

  #context(doc: Doc, field: string): string {
    return `${this.#collection}:${doc._id}:${field}`;
  }
}
