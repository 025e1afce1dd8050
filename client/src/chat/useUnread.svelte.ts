import { untrack } from 'svelte';
import { session, useView } from '../lib/index.ts';
import { playSound, vibrate } from '../ui/index.ts';

/** Threads that are open on this page: they make their own sound. */
export const openThreads = new Set<string>();

let activity = $state.raw<{ readonly threadId: string | null }>({ threadId: null });

/** Something was said or changed in a thread that is open on this page. */
export function active(threadId: string): void {
  activity = { threadId };
}
/** Where that was last; another object each time. */
export function lastActivity(): { readonly threadId: string | null } {
  return activity;
}

/** One's unread messages, the same on all devices. With `alert`, a message in a thread that is not open here is heard. */
export function useUnread({ alert = false } = {}) {
  const view = useView('unread', () => session.account?.id ?? null);
  let before: Readonly<Record<string, number>> | null = null;

  $effect(() => {
    const now = view.state?.threads;
    if (!now) return;
    const grown = Object.entries(now).some(
      ([threadId, count]) => before !== null && count > (before[threadId] ?? 0) && !openThreads.has(threadId),
    );
    before = now;
    if (alert && grown) untrack(() => (playSound('message'), vibrate('message')));
  });

  return {
    get total(): number {
      return view.state?.total ?? 0;
    },
    get known(): boolean {
      return view.state !== null;
    },
    in: (threadId: string): number => view.state?.threads[threadId] ?? 0,
    get threads(): Readonly<Record<string, number>> {
      return view.state?.threads ?? {};
    },
  };
}
