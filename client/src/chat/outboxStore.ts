import { z } from 'zod';
import { id } from '../../../shared/contract/common.ts';
import { attachment } from '../../../shared/state/chat.ts';

/** A message written here that the hub has not confirmed yet, as it survives a reload. */
export const kept = z.object({
  id: z.string(),
  threadId: id,
  text: z.string(),
  attachments: z.array(attachment),
  at: z.number(),
});
export type Kept = z.infer<typeof kept>;

/** What of the browser's storage is used. */
export type Disk = Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>;
const prefix = 'nadi.outbox.';

/** Reads and writes one account's unsent messages. One entry per message, so that two tabs do not undo each other. */
export class OutboxStore {
  readonly #storage: Disk;
  readonly #prefix: string;

  constructor(accountId: string, storage: Disk) {
    this.#storage = storage;
    this.#prefix = `${prefix}${accountId}.`;
  }

  /** What is there, oldest first. What was stored by anybody else is thrown away. */
  all(): Kept[] {
    const found: Kept[] = [];
    for (const key of this.#keys()) {
      const parsed = kept.safeParse(json(this.#storage.getItem(key)));
      if (parsed.success && key === this.#prefix + parsed.data.id) found.push(parsed.data);
      else this.#storage.removeItem(key);
    }
    return found.sort((a, b) => a.at - b.at);
  }

  /** False when the browser would not keep it: then it lives as long as the page. */
  put({ id: key, threadId, text, attachments, at }: Kept): boolean {
    try {
      this.#storage.setItem(this.#prefix + key, JSON.stringify({ id: key, threadId, text, attachments, at }));
      return true;
    } catch {
      return false;
    }
  }

  remove(requestId: string): void {
    this.#storage.removeItem(this.#prefix + requestId);
  }

  clear(): void {
    for (const key of this.#keys()) this.#storage.removeItem(key);
  }

  #keys(): string[] {
    const keys = Array.from({ length: this.#storage.length }, (_, i) => this.#storage.key(i));
    return keys.filter((key): key is string => key?.startsWith(this.#prefix) === true);
  }
}

function json(text: string | null): unknown {
  try {
    return JSON.parse(text ?? 'null');
  } catch {
    return null;
  }
}
