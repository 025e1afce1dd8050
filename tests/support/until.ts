import { setTimeout as delay } from 'node:timers/promises';

export interface UntilOptions {
  /** Deadline in milliseconds (default 10,000). */
  timeoutMs?: number;
  /** Pause between two looks in milliseconds (default 25). */
  everyMs?: number;
}

type Falsy = false | null | undefined | 0 | '';

/**
 * Waits until `condition` gives something truthy and returns it. Fails at the deadline with `what` was awaited and the last
 * value or error seen, so that a timeout says which condition did not come true. A condition that throws counts as "not yet".
 */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  { timeoutMs = 10_000, everyMs = 25 }: UntilOptions = {},
): Promise<Exclude<T, Falsy>> {
  const deadline = Date.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const value = await Promise.race([Promise.resolve(condition()), expire(deadline)]);
      if (isTruthy(value)) return value;
      last = value;
    } catch (error) {
      last = error;
    }
    if (Date.now() >= deadline) break;
    await delay(Math.min(everyMs, Math.max(1, deadline - Date.now())));
  }
  const seen = last instanceof Error ? `${last.name}: ${last.message}` : show(last);
  throw new Error(`not within ${timeoutMs} ms: ${what} (last seen: ${seen})`, { cause: last });
}

function isTruthy<T>(value: T): value is Exclude<T, Falsy> {
  return Boolean(value);
}

/** A condition that hangs must not outlive the deadline. */
async function expire(deadline: number): Promise<never> {
  await delay(Math.max(1, deadline - Date.now()), undefined, { ref: false });
  throw new Error('the condition itself did not answer in time');
}

function show(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    return String(value);
  }
}
