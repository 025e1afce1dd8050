import { randomUUID } from 'node:crypto';
import type { SfuError, SfuErrorCode } from '../shared/contract/sfu.ts';

/** An expected failure of a request, told to the client by its code. */
export class SfuFailure extends Error {
  readonly code: SfuErrorCode;
  constructor(code: SfuErrorCode, message: string) {
    super(message);
    this.name = 'SfuFailure';
    this.code = code;
  }
}

/**
 * What a thrown value becomes on the wire. mediasoup refuses wrong arguments with a TypeError or UnsupportedError, and a call
 * on something closed with an InvalidStateError; anything else is a fault of ours, of which only the trace id goes out.
 */
export function toSfuError(thrown: unknown): { error: SfuError; unexpected: boolean } {
  const traceId = randomUUID();
  if (thrown instanceof SfuFailure) {
    return { error: { code: thrown.code, message: thrown.message.slice(0, 500), traceId }, unexpected: false };
  }
  const name = thrown instanceof Error ? thrown.name : '';
  if (name === 'TypeError' || name === 'UnsupportedError') {
    return { error: { code: 'INVALID_INPUT', message: 'refused by the media worker', traceId }, unexpected: false };
  }
  if (name === 'InvalidStateError') {
    return { error: { code: 'WRONG_STATE', message: 'this no longer exists', traceId }, unexpected: false };
  }
  return { error: { code: 'INTERNAL', message: 'unexpected failure', traceId }, unexpected: true };
}
