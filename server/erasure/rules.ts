import type { ErasureGround } from '../../shared/contract/erasure.ts';
import { AppError } from '../../shared/errors.ts';

/**
 * Until when a patient's records must be kept, UTC ms: from the last visit, or from when they were registered if there was none.
 * Source: Telemedicine Practice Guidelines 2020, three years at least.
 */
export function keptUntil(lastAt: number, retentionMs: number): number {
  return lastAt + retentionMs;
}

/** @throws AppError RETAINED `{keptUntil}` while records must be kept and nothing else is a ground. */
export function mayErase(until: number, now: number, ground: ErasureGround | undefined): void {
  if (now < until && ground === undefined) {
    throw new AppError('RETAINED', 'these records must be kept for now', { keptUntil: until });
  }
}
