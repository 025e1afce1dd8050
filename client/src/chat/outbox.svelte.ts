import type { OutputOf } from '../../../shared/contract/index.ts';
import type { Attachment, ChatMessage } from '../../../shared/state/chat.ts';
import { recognise, type Outgoing } from './rules.ts';
import { OutboxStore, type Disk, type Kept } from './outboxStore.ts';

/** What an outbox stands on; replaced in tests. */
export interface OutboxPorts {
  send(message: Kept): Promise<OutputOf<'chat.send'>>;
  /** The code of a failure, and whether the hub may have taken the message all the same. */
  failure(thrown: unknown): { code: string; unanswered: boolean };
  newId(): string;
  now(): number;
  storage: Disk;
}

/** What got no answer is tried again after this long, when no new connection does it sooner, ms. */
const againMs = 5_000;

/**
 * Messages on their way, of all threads of one account. Each is stored before it is sent and forgotten when the hub has confirmed it; sent again
 * with the same id after a lost connection or a reload, so the thread gets it once. In a thread they go in the order they were written.
 */
export class Outbox {
  #all = $state.raw<readonly Outgoing[]>([]);
  #ports: OutboxPorts;
  #store: OutboxStore | null = null;
  #busy = new Set<string>();

  constructor(ports: OutboxPorts) {
    this.#ports = ports;
  }

  /** Somebody signed in: what they wrote here before and was not confirmed is there again. */
  open(accountId: string): void {
    this.#store = new OutboxStore(accountId, this.#ports.storage);
    this.#all = this.#store.all().map((one) => ({ ...one, state: 'waiting', messageId: null, code: null }));
  }

  /** Nobody is signed in now. `forget` when they chose so: then nothing of theirs stays in this browser. */
  close(forget: boolean): void {
    if (forget) this.#store?.clear();
    this.#store = null;
    this.#all = [];
    this.#busy.clear();
  }

  of(threadId: string): readonly Outgoing[] {
    return this.#all.filter((one) => one.threadId === threadId);
  }

  get waiting(): number {
    return this.#all.filter((one) => one.state === 'waiting' || one.state === 'sending').length;
  }

  add(threadId: string, text: string, attachments: readonly Attachment[]): void {
    const one = { id: this.#ports.newId(), threadId, text, attachments: [...attachments], at: this.#ports.now() };
    this.#store?.put(one);
    this.#all = [...this.#all, { ...one, state: 'waiting', messageId: null, code: null }];
    void this.#deliver(threadId);
  }

  retry(id: string): void {
    const one = this.#all.find((other) => other.id === id);
    if (!one) return;
    this.#patch(id, { state: 'waiting', code: null });
    void this.#deliver(one.threadId);
  }

  discard(id: string): void {
    this.#store?.remove(id);
    this.#all = this.#all.filter((one) => one.id !== id);
  }

  /** The connection is there: send what waits. */
  flush(): void {
    for (const threadId of new Set(this.#all.map((one) => one.threadId))) void this.#deliver(threadId);
  }

  /** Messages that came in: those of ours among them are no longer on their way. */
  seen(threadId: string, fresh: readonly ChatMessage[], me: string): void {
    const own = new Map(recognise(this.of(threadId), fresh, me).map((one) => [one.id, one]));
    this.#all = this.#all.map((one) => own.get(one.id) ?? one);
  }

  /** The thread shows them: they need not be remembered. */
  settled(messageIds: ReadonlySet<string>): void {
    const rest = this.#all.filter(
      (one) => one.state !== 'sent' || one.messageId === null || !messageIds.has(one.messageId),
    );
    if (rest.length < this.#all.length) this.#all = rest;
  }

  /** One at a time in each thread. */
  async #deliver(threadId: string): Promise<void> {
    if (this.#busy.has(threadId)) return;
    this.#busy.add(threadId);
    const store = this.#store;
    try {
      for (;;) {
        const next = this.#all.find((one) => one.threadId === threadId && one.state === 'waiting');
        if (!next || store !== this.#store) return;
        this.#patch(next.id, { state: 'sending' });
        try {
          const { messageId } = await this.#ports.send({ ...next, attachments: [...next.attachments] });
          if (store !== this.#store) return;
          store?.remove(next.id);
          this.#patch(next.id, { state: 'sent', messageId });
        } catch (thrown) {
          if (store !== this.#store) return;
          const { code, unanswered } = this.#ports.failure(thrown);
          this.#patch(next.id, unanswered ? { state: 'waiting' } : { state: 'failed', code });
          if (!unanswered) continue;
          setTimeout(() => void this.#deliver(threadId), againMs);
          return;
        }
      }
    } finally {
      this.#busy.delete(threadId);
    }
  }

  #patch(id: string, change: Partial<Outgoing>): void {
    this.#all = this.#all.map((one) => (one.id === id ? { ...one, ...change } : one));
  }
}
