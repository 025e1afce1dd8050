/** Sizes and counts that both sides know. Bytes, characters, milliseconds as named. */
export const limits = {
  /** Largest request body or socket frame, bytes. */
  requestBytes: 64 * 1024,
  emailChars: 254,
  passwordChars: 200,
  nameChars: 120,
  phoneChars: 20,
  reasonChars: 500,
  chatTextChars: 4_000,
  /** Messages in a chat snapshot or page. */
  chatPage: 50,
  subscriptionsPerSocket: 50,
  /** A client that is behind by more events than this gets a snapshot instead of the events. */
  catchUpEvents: 500,
  /** Client: how long one request may take before it counts as lost, ms. */
  requestTimeoutMs: 10_000,
  accessTokenSeconds: 15 * 60,
} as const;
