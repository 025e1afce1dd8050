import { untrack } from 'svelte';
import type { ThreadView } from '../../../shared/contract/chat.ts';
import { hub, RequestError } from '../lib/index.ts';
import { lastActivity, useUnread } from './useUnread.svelte.ts';

/** Changes this close together are fetched together, ms. */
const settleMs = 200;
/** More changed threads than this are a list of their own. */
const few = 5;

const byTime = (a: ThreadView, b: ThreadView): number => (b.lastAt ?? 0) - (a.lastAt ?? 0);

/** One's threads, newest first, the staff channels on top; those in which something happened are read again. */
export function useThreads() {
  const unread = useUnread();
  let threads = $state.raw<readonly ThreadView[] | null>(null);
  let more = $state(false);
  let loading = $state(false);
  let error = $state.raw<RequestError | null>(null);
  let counted: Readonly<Record<string, number>> = {};
  const changed = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;

  function keep(fresh: readonly ThreadView[]): void {
    const ids = new Set(fresh.map((one) => one.id));
    threads = [...fresh, ...(threads ?? []).filter((one) => !ids.has(one.id))].sort(byTime);
  }

  async function load(): Promise<void> {
    try {
      const got = await hub.request('chat.threads', {});
      if (threads === null) more = got.more;
      keep(got.threads);
      error = null;
    } catch (thrown) {
      error = RequestError.of(thrown);
    }
  }

  async function refresh(): Promise<void> {
    const ids = [...changed];
    changed.clear();
    if (threads === null || ids.length > few || ids.some((id) => !threads?.some((one) => one.id === id))) {
      await load();
      return;
    }
    const got = await Promise.all(ids.map((threadId) => hub.request('chat.thread', { threadId }).catch(() => null)));
    keep(got.flatMap((one) => one?.thread ?? []));
  }

  async function loadMore(): Promise<void> {
    const before = threads?.findLast((one) => one.lastAt !== null)?.lastAt;
    if (!before || loading) return;
    loading = true;
    try {
      const got = await hub.request('chat.threads', { before });
      keep(got.threads);
      more = got.more;
    } catch (thrown) {
      error = RequestError.of(thrown);
    } finally {
      loading = false;
    }
  }

  function note(ids: readonly string[]): void {
    for (const id of ids) changed.add(id);
    if (changed.size === 0) return;
    clearTimeout(timer);
    timer = setTimeout(() => void refresh(), settleMs);
  }

  // At first, and again after each reconnect: what came meanwhile may have been read elsewhere already.
  $effect(() => {
    if (hub.live || threads === null) untrack(() => void load());
  });
  $effect(() => {
    const now = unread.threads;
    const ids = Object.keys({ ...now, ...counted }).filter((id) => now[id] !== counted[id]);
    counted = now;
    untrack(() => note(threads === null ? [] : ids));
  });
  $effect(() => {
    const { threadId } = lastActivity();
    untrack(() => note(threadId === null ? [] : [threadId]));
  });
  $effect(() => () => clearTimeout(timer));

  return {
    get all(): readonly ThreadView[] | null {
      if (!threads) return null;
      return [...threads.filter((one) => one.kind === 'staff'), ...threads.filter((one) => one.kind !== 'staff')];
    },
    get more() {
      return more;
    },
    get loading() {
      return loading;
    },
    get error() {
      return error;
    },
    unread: (thread: ThreadView): number => (unread.known ? unread.in(thread.id) : thread.unread),
    reload: () => void load(),
    loadMore: () => void loadMore(),
  };
}
