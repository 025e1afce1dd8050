import { randomInt } from 'node:crypto';
import { v5, v7 } from 'uuid';

const namespace = '6f0d7a52-3a51-4f0e-9d2b-6d6e61646900';

/** A new id that sorts by time. */
export function newId(): string {
  return v7();
}

/** The same id for the same parts: what a repeated request creates collides with what it created the first time. */
export function derivedId(...parts: readonly string[]): string {
  return v5(parts.join('\n'), namespace);
}

/** A cryptographically random integer in [0, n). */
export function randomBelow(n: number): number {
  return randomInt(n);
}
