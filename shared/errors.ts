/**
 * Every error code that can cross the wire, with the HTTP status it travels under. Messages are written for developers and logs;
 * what a person reads is the translation of the code (client i18n `errors.<CODE>`).
 */
export const errorStatus = {
  INVALID_INPUT: 400,
  UNKNOWN_OPERATION: 404,
  UNAUTHENTICATED: 401,
  BAD_CREDENTIALS: 401,
  SESSION_REVOKED: 401,
  SESSION_IDLE: 401,
  ACCOUNT_INACTIVE: 403,
  FORBIDDEN: 403,
  BAD_ORIGIN: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  CONFLICT: 409,
  REQUEST_REUSED: 409,
  QUEUE_MOVED: 409,
  QUEUE_EMPTY: 409,
  CALLED_WAITING: 409,
  IN_CONSULTATION: 409,
  OWN_ACCOUNT: 409,
  EMAIL_TAKEN: 409,
  WRONG_STATE: 409,
  EDIT_CLOSED: 409,
  SESSION_CLOSED: 409,
  ALREADY_IN_QUEUE: 409,
  NOT_CALLED_YET: 409,
  DESK_PAUSED: 409,
  NOT_UNDOABLE: 409,
  LINK_EXPIRED: 410,
  ERASED: 410,
  RETAINED: 409,
  WRONG_CODE: 409,
  CODE_EXPIRED: 409,
  TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  OUTDATED_CLIENT: 426,
  RATE_LIMITED: 429,
  INTERNAL: 500,
  UNAVAILABLE: 503,
  TIMEOUT: 504,
} as const satisfies Record<string, number>;

export type ErrorCode = keyof typeof errorStatus;

/** What `details` may hold: plain JSON that the asking actor is allowed to see. */
export type ErrorDetails = Record<string, unknown>;

/** An expected failure. Anything else that is thrown becomes `INTERNAL` and only its trace id leaves the server. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails | undefined;

  constructor(code: ErrorCode, message: string, details?: ErrorDetails) {
    super(message);
    this.name = 'AppError';
    this.code = code;
    this.details = details;
  }
}

/** True for a string that is one of ours; used where replies are parsed. */
export function isErrorCode(value: string): value is ErrorCode {
  return Object.hasOwn(errorStatus, value);
}

/** Exhaustiveness check: a new member of a union breaks the build where it is not handled. */
export function assertUnreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}
