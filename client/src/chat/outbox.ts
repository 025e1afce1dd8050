import { hub, newRequestId, RequestError, session } from '../lib/index.ts';
import { Outbox } from './outbox.svelte.ts';
import type { Disk } from './outboxStore.ts';

/** localStorage, or memory where it is blocked. */
function storage(): Disk {
  try {
    localStorage.getItem('nadi');
    return localStorage;
  } catch {
    return new MemoryStorage();
  }
}

class MemoryStorage {
  #all = new Map<string, string>();
  get length(): number {
    return this.#all.size;
  }
  key = (index: number): string | null => [...this.#all.keys()][index] ?? null;
  getItem = (key: string): string | null => this.#all.get(key) ?? null;
  setItem = (key: string, value: string): void => void this.#all.set(key, value);
  removeItem = (key: string): void => void this.#all.delete(key);
}

/** The page's only outbox: of whoever is signed in. */
export const outbox = new Outbox({
  send: async ({ id, threadId, text, attachments }) => {
    // Not tried where it cannot work: it would say "sending" for half a minute.
    if (hub.connection.state === 'offline') throw RequestError.unreachable('offline');
    const files = attachments.map((one) => one.id);
    return await hub.request('chat.send', { threadId, text, attachments: files }, { requestId: id });
  },
  failure: (thrown) => {
    const { code, unanswered } = RequestError.of(thrown);
    return { code, unanswered };
  },
  newId: newRequestId,
  now: () => Date.now(),
  storage: storage(),
});

let owner: string | null = null;
session.onChange((account) => {
  if (account) outbox.open(account.id);
  // A session that ran out is not a sign-out: what was written is there again after signing in.
  else if (owner !== null) outbox.close(session.reason !== 'ended');
  owner = account?.id ?? null;
});
if (session.account) {
  owner = session.account.id;
  outbox.open(owner);
}
