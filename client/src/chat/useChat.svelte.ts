import { untrack } from 'svelte';
import type { ThreadPerson, ThreadView } from '../../../shared/contract/chat.ts';
import { limits } from '../../../shared/limits.ts';
import { applyToMessages, type Attachment, type ChatMessage } from '../../../shared/state/chat.ts';
import { hub, RequestError, session, useStream, useView } from '../lib/index.ts';
import { playSound } from '../ui/index.ts';
import { outbox } from './outbox.ts';
import { firstUnread, joined, receiptOf, stillOutgoing, type Older, type Outgoing, type Receipt } from './rules.ts';
import { active, openThreads, useUnread } from './useUnread.svelte.ts';

export type Chat = ReturnType<typeof useChat>;

/** What was typed and not sent, per thread: closing the panel or changing the page does not lose it. */
const drafts: Record<string, string> = {};
/** Reading and getting are told of in one go, ms. */
const receiptMs = 250;

/**
 * One thread, live: its messages, those on their way, who is writing, how far the others are. Call while a component initialises; the component
 * is made anew for another thread. Whoever opens it plays the sound, so open it once per page and hand it to the panel.
 */
export function useChat(threadId: string) {
  const stream = useStream('chat', () => threadId);
  const readers = useView('receipts', () => threadId);
  const writing = useView('typing', () => threadId);
  const unread = useUnread();
  const me = $derived(session.account?.id ?? '');
  let older = $state.raw<Older | null>(null);
  let reachedStart = $state(false);
  let loadingOlder = $state(false);
  let olderError = $state.raw<RequestError | null>(null);
  let watching = $state(false);
  let visible = $state(document.visibilityState === 'visible');
  let newFrom = $state<string | null>(null);
  let info = $state.raw<{ thread: ThreadView; people: ThreadPerson[] } | null>(null);
  let draft = $state(drafts[threadId] ?? '');
  const arrivals: ((message: ChatMessage) => void)[] = [];
  const told = { read: 0, delivered: 0, typing: 0 };

  const messages = $derived(joined(older, stream.state?.messages ?? []));
  const more = $derived(!reachedStart && stream.state !== null && (messages[0]?.seq ?? stream.seq + 1) > 1);
  const pending = $derived(stillOutgoing(outbox.of(threadId), messages));

  stream.onEvents((events) => {
    const fresh = events.reduce<readonly ChatMessage[]>(applyToMessages, []);
    outbox.seen(threadId, fresh, me);
    active(threadId);
    if (older)
      older = {
        ...older,
        messages: events.filter((one) => one.type !== 'posted').reduce(applyToMessages, older.messages),
      };
    const theirs = fresh.filter((message) => message.author !== me && message.deletedAt === undefined);
    if (theirs.length === 0) return;
    playSound('message');
    for (const message of theirs) for (const tell of arrivals) tell(message);
    if (theirs.some((message) => info && !info.people.some((one) => one.accountId === message.author))) void learn();
  });

  $effect(() => {
    openThreads.add(threadId);
    const look = (): void => void (visible = document.visibilityState === 'visible');
    document.addEventListener('visibilitychange', look);
    return () => {
      openThreads.delete(threadId);
      document.removeEventListener('visibilitychange', look);
    };
  });
  $effect(() => {
    if (hub.live) untrack(() => outbox.flush());
  });
  $effect(() => {
    if (hub.live && info === null) untrack(() => void learn());
  });
  // Older pages do not follow a stream that had to start over: they are read again.
  let wasStale = false;
  $effect(() => {
    const stale = stream.status === 'stale';
    if (wasStale && !stale) untrack(() => void reloadOlder());
    wasStale = stale;
  });
  // Where the unseen ones begin is settled when the thread is opened, before it counts as read.
  let settled = false;
  $effect(() => {
    if (!watching || settled || stream.state === null || !unread.known) return;
    untrack(() => {
      settled = true;
      newFrom = firstUnread(messages, me, unread.in(threadId));
    });
  });
  $effect(() => {
    const seq = stream.seq;
    const seen = watching && visible && (unread.known || !hub.live);
    if (seq === 0 || !hub.live) return;
    const timer = setTimeout(() => void tellReceipt(seen ? 'read' : 'delivered', seq), receiptMs);
    return () => clearTimeout(timer);
  });
  $effect(() => outbox.settled(new Set(messages.map((message) => message.id))));

  async function tellReceipt(what: 'read' | 'delivered', seq: number): Promise<void> {
    if (told[what] >= seq || (what === 'delivered' && told.read >= seq)) return;
    told[what] = seq;
    // Lost ones are told with the next; nothing depends on them here.
    await hub.request(`chat.${what}`, { threadId, seq }).catch(() => void (told[what] = 0));
  }

  async function learn(): Promise<void> {
    info = await hub.request('chat.thread', { threadId }).catch(() => info);
  }

  async function page(before: number): Promise<{ messages: ChatMessage[]; more: boolean }> {
    return await hub.request('chat.history', { threadId, before });
  }

  async function reloadOlder(): Promise<void> {
    const first = older?.messages[0]?.seq;
    const from = stream.state?.messages[0]?.seq;
    if (!older || first === undefined || from === undefined) return;
    try {
      let all: ChatMessage[] = [];
      let at = from;
      while (at > first) {
        const got = await page(at);
        all = [...got.messages, ...all];
        const next = got.messages[0]?.seq;
        if (next === undefined || !got.more) break;
        at = next;
      }
      older = { messages: all, before: from };
    } catch {
      // What may have changed meanwhile must not stand there as if it had not.
      older = null;
      reachedStart = false;
    }
  }

  async function loadOlder(): Promise<void> {
    const before = messages[0]?.seq ?? stream.seq + 1;
    if (loadingOlder || !more) return;
    loadingOlder = true;
    try {
      const got = await page(before);
      const from = stream.state?.messages[0]?.seq ?? before;
      older = {
        messages: [...got.messages, ...(older?.messages ?? []).filter((one) => one.seq >= before)],
        before: older?.before ?? from,
      };
      reachedStart = !got.more;
      olderError = null;
    } catch (thrown) {
      olderError = RequestError.of(thrown);
    } finally {
      loadingOlder = false;
    }
  }

  return {
    threadId,
    get me() {
      return me;
    },
    /** The thread and its people; null until known. */
    get info() {
      return info;
    },
    get messages() {
      return messages;
    },
    get pending() {
      return pending;
    },
    get status() {
      return stream.status;
    },
    get error() {
      return stream.error;
    },
    retryStream: () => stream.retry(),
    /** Unread messages of this thread, the same on all devices; for the badge of a chat button. */
    get unread() {
      return watching && visible ? 0 : unread.in(threadId);
    },
    /** The first message that was unread when the thread was opened. */
    get newFrom() {
      return newFrom;
    },
    /** Others who are writing right now. */
    get typing() {
      return (writing.state?.people ?? []).filter((one) => one.accountId !== me);
    },
    receipt(message: ChatMessage): Receipt {
      const side = message.side ?? info?.thread.side ?? 'patient';
      return receiptOf(message, readers.state?.readers ?? [], { accountId: me, side });
    },
    get draft() {
      return draft;
    },
    set draft(text: string) {
      draft = text;
      drafts[threadId] = text;
      if (text.trim() !== '' && hub.live && Date.now() - told.typing > limits.typingMs * 0.6) {
        told.typing = Date.now();
        hub.request('chat.typing', { threadId }).catch(() => undefined);
      }
    },
    /** The thread is on the screen, or no longer. */
    watch(is: boolean): void {
      watching = is;
      if (is) return;
      settled = false;
      newFrom = null;
    },
    /** Hear each message of somebody else as it arrives. Returns the way to stop. */
    onArrival(tell: (message: ChatMessage) => void): () => void {
      arrivals.push(tell);
      return () => void arrivals.splice(arrivals.indexOf(tell), 1);
    },
    /** Sends what was typed; it shows at once, and goes out when the connection allows. */
    send(text: string, attachments: readonly Attachment[] = []): void {
      const clean = text.trim();
      if (clean === '' && attachments.length === 0) return;
      told.typing = 0;
      outbox.add(threadId, clean, attachments);
    },
    retry: (one: Outgoing): void => outbox.retry(one.id),
    discard: (one: Outgoing): void => outbox.discard(one.id),
    /** @throws RequestError */
    async edit(message: ChatMessage, text: string): Promise<void> {
      if (text.trim() !== message.text) await hub.request('chat.edit', { threadId, messageId: message.id, text });
    },
    /** @throws RequestError */
    async remove(message: ChatMessage): Promise<void> {
      await hub.request('chat.delete', { threadId, messageId: message.id });
    },
    get more() {
      return more;
    },
    get loadingOlder() {
      return loadingOlder;
    },
    get olderError() {
      return olderError;
    },
    loadOlder,
    /** Loads back until this message is there; false when it is not found. */
    async reach(message: ChatMessage): Promise<boolean> {
      for (let pages = 0; pages < 40; pages++) {
        if (messages.some((one) => one.id === message.id)) return true;
        if (!more || olderError) return false;
        await loadOlder();
      }
      return false;
    },
  };
}
