/** Sizes and counts that both sides know. Bytes, characters, milliseconds as named. */
export const limits = {
  /** Largest request body or socket frame, bytes. */
  requestBytes: 64 * 1024,
  emailChars: 254,
  passwordChars: 200,
  /** Of a new one. Length is what counts; nothing else is asked of it. */
  passwordLeastChars: 10,
  nameChars: 120,
  phoneChars: 20,
  reasonChars: 500,
  triageNoteChars: 1_000,
  /** Signed codes in links and QR pictures. */
  codeChars: 64,
  chatTextChars: 4_000,
  /** How long an author may still change a message, ms. */
  chatEditMs: 15 * 60_000,
  /** How long somebody counts as typing after their last sign of it, ms. */
  typingMs: 5_000,
  searchChars: 100,
  /** Largest attachment, bytes. */
  fileBytes: 10 * 1024 * 1024,
  fileNameChars: 120,
  attachmentsPerMessage: 6,
  /** Counts of unread messages stop here; more is more. */
  unreadMost: 99,
  /** Messages in a chat snapshot or page. */
  chatPage: 50,
  /** Notifications in one's list; older ones fall out. */
  notificationsKept: 100,
  announcementTitleChars: 120,
  announcementBodyChars: 2_000,
  subscriptionsPerSocket: 50,
  /** Requests of one connection that are worked on at a time, and how many more may wait for their turn. */
  requestsAtOnce: 32,
  requestsWaiting: 2_000,
  /** What one connection may send, bytes: at once, and every second after that. */
  socketBytesAtOnce: 1024 * 1024,
  socketBytesPerSecond: 64 * 1024,
  /** Live connections of one address, and of one account, per hub. */
  connectionsPerAddress: 1_000,
  connectionsPerAccount: 100,
  /** Subscriptions of a connection without an account. */
  subscriptionsPerVisitor: 5,
  /** Connections without an account from one address at a time, per hub: a clinic's whole waiting room may sit behind one. */
  visitorsPerAddress: 200,
  /** A client that is behind by more events than this gets a snapshot instead of the events. */
  catchUpEvents: 500,
  /** Client: how long one request may take before it counts as lost, ms. */
  requestTimeoutMs: 10_000,
  accessTokenSeconds: 15 * 60,
} as const;
