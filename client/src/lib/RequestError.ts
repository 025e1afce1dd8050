import { isErrorCode, type ErrorCode, type ErrorDetails } from '../../../shared/errors.ts';
import type { ErrorReply } from '../../../shared/contract/wire.ts';

/**
 * A request that failed. `code` is what people are told (`errors.<CODE>`), `traceId` what support asks for. Two codes are also
 * made here: `TIMEOUT` (no answer in time) and `UNAVAILABLE` (no way to the server); then `traceId` is empty and `unanswered` true,
 * which means that the server may or may not have done it: repeat only with the same request id.
 */
export class RequestError extends Error {
  readonly code: ErrorCode;
  readonly traceId: string;
  readonly details: ErrorDetails | undefined;
  readonly unanswered: boolean;

  constructor(
    code: ErrorCode,
    message: string,
    options: { traceId?: string; details?: ErrorDetails; unanswered?: boolean } = {},
  ) {
    super(message);
    this.name = 'RequestError';
    this.code = code;
    this.traceId = options.traceId ?? '';
    this.details = options.details;
    this.unanswered = options.unanswered ?? false;
  }

  /** From the error part of a reply. */
  static from({ code, message, traceId, details }: ErrorReply['error']): RequestError {
    return new RequestError(isErrorCode(code) ? code : 'INTERNAL', message, { traceId, details });
  }

  static timeout(): RequestError {
    return new RequestError('TIMEOUT', 'no answer in time', { unanswered: true });
  }

  static unreachable(message = 'no connection'): RequestError {
    return new RequestError('UNAVAILABLE', message, { unanswered: true });
  }

  /** Anything that was thrown, as a RequestError; aborts stay what they are, they are no failure to show. */
  static of(thrown: unknown): RequestError {
    if (thrown instanceof RequestError) return thrown;
    return new RequestError('INTERNAL', thrown instanceof Error ? thrown.message : String(thrown));
  }
}

/** True for codes that mean "this is not yours or not there": asking again does not help. */
export function isDenied(code: ErrorCode): boolean {
  return (
    code === 'NOT_FOUND' ||
    code === 'LINK_EXPIRED' ||
    code === 'ERASED' ||
    code === 'FORBIDDEN' ||
    code === 'INVALID_INPUT' ||
    code === 'UNKNOWN_OPERATION'
  );
}
