import { untrack } from 'svelte';
import type { ChatMessage } from '../../../shared/state/chat.ts';
import { hub, newRequestId, RequestError, session, useStream } from '../lib/index.ts';
import { playSound } from '../ui/index.ts';
import { mergeMessages, recognise, stillOutgoing, type Outgoing } from './rules.ts';

export type Chat = ReturnType<typeof useChat>;

/** What was typed and not sent, per thread: closing the panel or changing the page does not lose it. */
const drafts: Record<string, string> = {};

/**
 * One thread, live: its messages, those on their way, and how many came unseen. Call while a component initialises; the component is made anew
 * for another thread. Whoever opens it plays the sound, so open it once per page and hand it to the panel.
 */
export function useChat(threadId: string) {
  const stream = useStream('chat', () => threadId);
  const me = $derived(session.account?.id ?? '');
  let older = $state.raw<readonly ChatMessage[]>([]);
  let reachedStart = $state(false);
  let loadingOlder = $state(false);
  let olderError = $state.raw<RequestError | null>(null);
  let outgoing = $state.raw<readonly Outgoing[]>([]);
  let unread = $state(0);
  let watching = $state(false);
  let draft = $state(drafts[threadId] ?? '');
  const arrivals: ((message: ChatMessage) => void)[] = [];

  const messages = $derived(mergeMessages(older, stream.state?.messages ?? []));
  const more = $derived(!reachedStart && (messages[0]?.seq ?? 1) > 1);
  const pending = $derived(stillOutgoing(outgoing, messages));

  stream.onEvents((events) => {
    const fresh = events.map(({ seq, at, data }) => ({
      id: data.messageId,
      seq,
      at,
      author: data.author,
      text: data.text,
    }));
    outgoing = recognise(outgoing, fresh, me);
    const theirs = fresh.filter((message) => message.author !== me);
    if (theirs.length === 0) return;
    playSound('message');
    if (!watching) unread += theirs.length;
    for (const message of theirs) for (const tell of arrivals) tell(message);
  });

  // What got no answer while the connection was gone is sent again by itself: the same id makes that safe.
  $effect(() => {
    if (!hub.live) return;
    const failed = untrack(() => outgoing.filter((one) => one.state === 'failed' && one.unanswered));
    for (const one of failed) untrack(() => void deliver(one));
  });

  function patch(id: string, change: Partial<Outgoing>): void {
    outgoing = outgoing.map((one) => (one.id === id ? { ...one, ...change } : one));
  }

  async function deliver({ id, text }: Outgoing): Promise<void> {
    patch(id, { state: 'sending', code: null });
    try {
      const { messageId } = await hub.request('chat.send', { threadId, text }, { requestId: id });
      patch(id, { state: 'sent', messageId });
    } catch (thrown) {
      const already = outgoing.find((one) => one.id === id)?.messageId;
      const { code, unanswered } = RequestError.of(thrown);
      if (!already) patch(id, { state: 'failed', code, unanswered });
    }
  }

  return {
    threadId,
    get me() {
      return me;
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
    /** Messages of others that arrived while nobody was looking; for the badge of a chat button. */
    get unread() {
      return unread;
    },
    get draft() {
      return draft;
    },
    set draft(text: string) {
      draft = text;
      drafts[threadId] = text;
    },
    /** The thread is on the screen, or no longer. */
    watch(is: boolean): void {
      watching = is;
      if (is) unread = 0;
    },
    /** Hear each message of somebody else as it arrives. Returns the way to stop. */
    onArrival(tell: (message: ChatMessage) => void): () => void {
      arrivals.push(tell);
      return () => void arrivals.splice(arrivals.indexOf(tell), 1);
    },
    /** Sends what was typed; it shows at once. */
    send(text: string): void {
      const clean = text.trim();
      if (clean === '') return;
      const one: Outgoing = {
        id: newRequestId(),
        text: clean,
        at: Date.now(),
        state: 'sending',
        messageId: null,
        code: null,
        unanswered: false,
      };
      outgoing = [...stillOutgoing(outgoing, messages), one];
      void deliver(one);
    },
    retry(one: Outgoing): void {
      void deliver(one);
    },
    discard(one: Outgoing): void {
      outgoing = outgoing.filter((other) => other.id !== one.id);
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
    async loadOlder(): Promise<void> {
      const before = messages[0]?.seq;
      if (before === undefined || loadingOlder || !more) return;
      loadingOlder = true;
      try {
        const page = await hub.request('chat.history', { threadId, before });
        older = mergeMessages(page.messages, older);
        reachedStart = !page.more;
        olderError = null;
      } catch (thrown) {
        olderError = RequestError.of(thrown);
      } finally {
        loadingOlder = false;
      }
    },
  };
}
