import { setTimeout as delay } from 'node:timers/promises';
import { messageOf, SetupError } from '../support/SetupError.ts';

/** Waits until `url` answers 200; fails with the last answer seen. Times in milliseconds. */
export async function waitReady(url: string, timeoutMs: number, signal: AbortSignal): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  let seen = 'no answer';
  while (Date.now() < deadline) {
    signal.throwIfAborted();
    try {
      const answer = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(2000)]) });
      if (answer.ok) return;
      seen = `HTTP ${answer.status} ${(await answer.text()).slice(0, 200)}`;
    } catch (error) {
      signal.throwIfAborted();
      seen = messageOf(error);
    }
    await delay(100);
  }
  throw new SetupError(
    `The hub was not ready within ${timeoutMs / 1000} s (${url}: ${seen}).`,
    'See what hub and sfu say above; correct it and try again.',
  );
}
