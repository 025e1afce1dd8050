/**
 * Everything clinical that is sealed with its patient's key, and an account's secrets with the account's, in one list: which
 * fields of which documents, by which field whose key it is is known, and what stands there once the key is destroyed. What is not listed is stored in the clear: ids,
 * codes, states, times, and names and contacts, which must be found by search.
 */
export const sealedFields = {
  secondFactors: { subject: '_id', fields: { secret: '' } },
  places: { subject: 'patientId', fields: { reason: '' } },
  triages: { subject: 'patientId', fields: { vitals: {}, note: null } },
  // The content in GridFS is sealed with the file's own `contentKey`, so that posting it costs no second writing. Until a message
  // claims it the key is that of the day's uploads, which is destroyed when what nobody posted is gone.
  files: { subject: 'subject', fields: { name: '', contentKey: null } },
} as const satisfies Record<string, SealedSpec>;

/**
 * The same for events: kind of stream → type of event → fields of its data, and what its data hold once the key is destroyed. A chat's key
 * is that of the thread's patient; a thread without one (a clinic's staff channel) has its own.
 */
export const sealedEvents = {
  chat: {
    posted: { fields: ['text', 'attachments'], erased: { text: '', erased: true } },
    edited: { fields: ['text'], erased: { text: '' } },
  },
} as const satisfies Record<string, Readonly<Record<string, SealedEventSpec>>>;

/**
 * Free strings of events that stay in the clear, and why. A string of an event that is no id, no code and in neither list fails a test: whoever adds one
 * decides here.
 */
export const clearEventTexts: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  notifications: {
    'notified.notice.token': 'the number on the board',
    'notified.tag': 'made of a kind and an id',
  },
};

export type SealedKind = keyof typeof sealedEvents;
export const sealedKinds: readonly SealedKind[] = ['chat'];

export interface SealedSpec {
  /** The field that holds the id of whose key it is. */
  readonly subject: string;
  /** Field → its value after erasure. */
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface SealedEventSpec {
  readonly fields: readonly string[];
  /** Set over the data instead of the sealed fields. */
  readonly erased: Readonly<Record<string, unknown>>;
}
