import type { Place } from '../../../shared/contract/queueViews.ts';
import type { ErrorCode } from '../../../shared/errors.ts';

/** What went wrong with a check-in, as the person at the reception can act on it. */
export type CheckInProblem = 'expired' | 'elsewhere' | 'moved' | 'other';

export function problemOf(code: ErrorCode): CheckInProblem {
  switch (code) {
    case 'LINK_EXPIRED':
      return 'expired';
    case 'INVALID_INPUT': // the code of another clinic, or no code of ours
      return 'elsewhere';
    case 'WRONG_STATE':
    case 'NOT_FOUND':
      return 'moved';
    default:
      return 'other';
  }
}

/** Places that somebody at the reception may be here for; those at the clinic before video ones. */
export function placesToCheckIn(places: readonly Place[]): Place[] {
  return places
    .filter(
      (place) =>
        place.state === 'waiting' || place.state === 'on-hold' || place.state === 'skipped' || place.state === 'called',
    )
    .sort((a, b) => Number(a.mode === 'video') - Number(b.mode === 'video') || a.joinedAt - b.joinedAt);
}
