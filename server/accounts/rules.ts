/** Refresh tokens: what is kept of a sign-in session to tell an honest repeat from a stolen token. */
export interface RotationState {
  /** The number of the token that was handed out last. */
  readonly current: number;
  /** The one before it, while it may still come back. */
  readonly previous: number | null;
  /** When `current` was handed out, UTC ms. */
  readonly rotatedAt: number;
  /** Whether `previous` has already come back once after its window: then the reply was lost, and once is all we forgive. */
  readonly lostReply: boolean;
}

export type Rotation =
  | { readonly kind: 'rotate'; readonly next: RotationState }
  /** Two tabs sent the same token at the same moment: both get the token that is current. */
  | { readonly kind: 'repeat'; readonly current: number }
  | { readonly kind: 'reuse' };

/** Two tabs of one browser share the cookie; a refresh of the second this soon after the first is no theft. */
export const twoTabsMs = 10_000;

/**
 * What to do with refresh token number `presented`.
 * - the current one: rotate;
 * - the one before, within {@link twoTabsMs}: two tabs, answer with the current again;
 * - the one before, later, once: its reply was lost. A new one replaces the lost one, which from now on counts as stolen;
 * - anything else: reuse. The session must be revoked.
 */
export function rotate(state: RotationState, presented: number, now: number): Rotation {
  if (presented === state.current) {
    return {
      kind: 'rotate',
      next: { current: state.current + 1, previous: presented, rotatedAt: now, lostReply: false },
    };
  }
  if (presented === state.previous) {
    if (now - state.rotatedAt <= twoTabsMs) return { kind: 'repeat', current: state.current };
    if (!state.lostReply) {
      return {
        kind: 'rotate',
        next: { current: state.current + 1, previous: presented, rotatedAt: now, lostReply: true },
      };
    }
  }
  return { kind: 'reuse' };
}

/** What a browser may take longer to tell of somebody than the limit says, ms. */
const slackMs = 60_000;

/** When a session ends in which somebody was last active then. */
export function idleEnd(activeAtMs: number, idleMs: number): number {
  return activeAtMs + idleMs + Math.min(slackMs, idleMs);
}

/** When somebody was last active: what we know, or what the browser says if that is later; one that says nothing asks by itself. */
export function activeAt(known: number, now: number, quietMs: number | undefined): number {
  return Math.min(now, Math.max(known, now - (quietMs ?? 0)));
}
