import type { TypingState } from '../../shared/contract/chat.ts';
import { limits } from '../../shared/limits.ts';
import type { ThreadSide } from '../../shared/state/chat.ts';

/** Who is writing where, for a few seconds; in memory only. `changed` is told when that is another list than before. */
export class Typing {
  readonly #changed: (threadId: string) => void;
  readonly #threads = new Map<string, Map<string, { side: ThreadSide; timer: NodeJS.Timeout }>>();

  constructor(changed: (threadId: string) => void) {
    this.#changed = changed;
  }

  /** They wrote something just now. */
  seen(threadId: string, accountId: string, side: ThreadSide): void {
    const people = this.#threads.get(threadId) ?? new Map<string, { side: ThreadSide; timer: NodeJS.Timeout }>();
    this.#threads.set(threadId, people);
    const known = people.get(accountId);
    if (known) clearTimeout(known.timer);
    const timer = setTimeout(() => this.over(threadId, accountId), limits.typingMs);
    timer.unref();
    people.set(accountId, { side, timer });
    if (!known) this.#changed(threadId);
  }

  /** They stopped, or sent it. */
  over(threadId: string, accountId: string): void {
    const people = this.#threads.get(threadId);
    const known = people?.get(accountId);
    if (!people || !known) return;
    clearTimeout(known.timer);
    people.delete(accountId);
    if (people.size === 0) this.#threads.delete(threadId);
    this.#changed(threadId);
  }

  state(threadId: string): TypingState {
    const people = [...(this.#threads.get(threadId) ?? [])];
    return { people: people.map(([accountId, { side }]) => ({ accountId, side })) };
  }

  stop(): void {
    for (const people of this.#threads.values()) for (const { timer } of people.values()) clearTimeout(timer);
    this.#threads.clear();
  }
}
