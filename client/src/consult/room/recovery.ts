import type { SfuErrorCode } from '../../../../shared/contract/sfu.ts';
import { backoff } from '../../lib/backoff.ts';

/** How a connection stands, and what was tried since it last was whole. */
export interface Trouble {
  socketUp: boolean;
  /** `down`: a transport that was asked to carry something does not; `none`: there are no transports. */
  media: 'up' | 'down' | 'none';
  /** The seat is gone, or may not be ours any more: only a new grant helps. */
  seatLost: boolean;
  /** Time since the socket was lost, ms. */
  socketDownMs: number;
  /** How long the node keeps a seat without a socket, ms. */
  graceMs: number;
  iceRestarts: number;
  renewals: number;
}

export type RecoveryStep = 'none' | 'restart-ice' | 'swap-socket' | 'renew-transports' | 'rejoin';

/** ICE restarts that are tried before transports are given up. */
const ICE_RESTARTS = 2;

/**
 * The next thing to try, cheapest first: ICE restart, another socket for the same seat, new transports, a whole new join with
 * a fresh grant. An ICE restart is asked for over the socket, so a lost socket is replaced before it.
 */
export function nextStep(trouble: Trouble): RecoveryStep {
  if (trouble.seatLost) return 'rejoin';
  if (!trouble.socketUp) return trouble.socketDownMs < trouble.graceMs ? 'swap-socket' : 'rejoin';
  if (trouble.media === 'up') return 'none';
  if (trouble.media === 'down' && trouble.iceRestarts < ICE_RESTARTS) return 'restart-ice';
  return trouble.renewals < 1 ? 'renew-transports' : 'rejoin';
}

/** Pause before attempt n (0, 1, …), ms: the first at once, then growing from 300 ms to 8 s, with jitter. */
export function pauseBefore(attempt: number, random: () => number): number {
  return attempt === 0 ? 0 : backoff(attempt - 1, random, 300, 8_000);
}

/** What a refusal means: `final` ends it for this page, `rejoin` needs a new grant, `retry` may pass by itself. */
export function meaningOf(code: SfuErrorCode): 'ended' | 'failed' | 'rejoin' | 'retry' {
  switch (code) {
    case 'ROOM_ENDED':
      return 'ended';
    case 'ROOM_FULL':
    case 'FORBIDDEN':
    case 'UNAUTHENTICATED':
    case 'GRANT_INVALID':
      return 'failed';
    case 'GRANT_EXPIRED':
    case 'GRANT_REPLAYED':
    case 'WRONG_NODE':
    case 'STALE_EPOCH':
    case 'RESUME_INVALID':
      return 'rejoin';
    case 'INVALID_INPUT':
    case 'UNKNOWN_OPERATION':
    case 'LIMIT_EXCEEDED':
    case 'RATE_LIMITED':
    case 'NOT_FOUND':
    case 'WRONG_STATE':
    case 'CANNOT_CONSUME':
    case 'UNAVAILABLE':
    case 'INTERNAL':
      return 'retry';
  }
}
