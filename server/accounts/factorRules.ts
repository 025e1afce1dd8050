import { findRecovery, plainCode } from './recovery.ts';
import { acceptedStep } from './totp.ts';

/** What changes with every try of a second factor. */
export interface FactorState {
  /** Time steps up to this one are used up. */
  readonly lastStep: number;
  /** Hashes of the recovery codes that are left. */
  readonly recovery: readonly string[];
  /** Wrong tries in a row. */
  readonly failures: number;
  /** Nothing is tried before, UTC ms. */
  readonly waitUntil: number;
}

export type Try =
  | { readonly kind: 'right'; readonly by: 'code' | 'recovery'; readonly next: FactorState }
  | { readonly kind: 'wrong'; readonly next: FactorState }
  | { readonly kind: 'wait'; readonly untilMs: number };

const freeTries = 5;
const firstWaitMs = 15_000;
const longestWaitMs = 15 * 60_000;

/**
 * One try with a code of the app or a recovery code. Who gets here knows the password already, so that waiting cannot be forced on
 * anybody by a stranger: after five wrong tries in a row each costs a growing wait, at most a quarter of an hour.
 */
export function tryFactor(state: FactorState, secret: Buffer, code: string, now: number): Try {
  if (now < state.waitUntil) return { kind: 'wait', untilMs: state.waitUntil };
  const plain = plainCode(code);
  const fresh = { failures: 0, waitUntil: 0 };
  if (/^\d{6}$/.test(plain)) {
    const step = acceptedStep(secret, plain, now, state.lastStep);
    if (step !== null) return { kind: 'right', by: 'code', next: { ...state, ...fresh, lastStep: step } };
  } else {
    const at = findRecovery(secret, plain, state.recovery);
    if (at >= 0) {
      const recovery = state.recovery.filter((_hash, i) => i !== at);
      return { kind: 'right', by: 'recovery', next: { ...state, ...fresh, recovery } };
    }
  }
  const failures = state.failures + 1;
  return { kind: 'wrong', next: { ...state, failures, waitUntil: now + waitAfter(failures) } };
}

function waitAfter(failures: number): number {
  return failures < freeTries ? 0 : Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(20, failures - freeTries));
}
