/**
 * Everything clinical that is sealed with its patient's key, and an account's secrets with the account's, in one list: which
 * fields of which documents, by which field whose key it is is known, and what stands there once the key is destroyed. What is not listed is stored in the clear: ids,
 * codes, states, times, and names and contacts, which must be found by search.
 */
export const sealedFields = {
  secondFactors: { subject: '_id', fields: { secret: '' } },
  places: { subject: 'patientId', fields: { reason: '' } },
  triages: { subject: 'patientId', fields: { vitals: {}, note: null } },
} as const satisfies Record<string, SealedSpec>;

export interface SealedSpec {
  /** The field that holds the id of whose key it is. */
  readonly subject: string;
  /** Field → its value after erasure. */
  readonly fields: Readonly<Record<string, unknown>>;
}
