import { z } from 'zod';
import { callHttp } from './http.ts';
import type { IdlePorts } from './idle.svelte.ts';
import type { SessionPorts, TabNews } from './session.svelte.ts';

const tabNews = z.discriminatedUnion('type', [
  z.object({ type: z.literal('signed-in'), accountId: z.string() }),
  z.object({ type: z.literal('signed-out') }),
  z.object({ type: z.literal('locked') }),
]);

/** What a {@link Session} stands on in a browser. `heard` gets the news of the other tabs. */
export function browserPorts(heard: (news: TabNews) => void, quietMs: () => number | undefined): SessionPorts {
  const tabs = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('nadi.session');
  tabs?.addEventListener('message', (event: MessageEvent<unknown>) => {
    const news = tabNews.safeParse(event.data);
    if (news.success) heard(news.data);
  });
  return {
    call: callHttp,
    exclusive: (task) =>
      // Absent on plain http (not a secure context); then the hub's tolerance of two tabs has to do.
      'locks' in navigator ? navigator.locks.request('nadi.refresh', task) : task(),
    tell: (news) => tabs?.postMessage(news),
    flags: safeStorage(),
    now: () => Date.now(),
    random: () => Math.random(),
    quietMs,
  };
}

const activity = z.object({ at: z.number() });

/** What an {@link Idle} stands on in a browser. `heard` gets the activity in the other tabs. */
export function idlePorts(heard: (at: number) => void): IdlePorts {
  const tabs = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('nadi.activity');
  tabs?.addEventListener('message', (event: MessageEvent<unknown>) => {
    const news = activity.safeParse(event.data);
    if (news.success) heard(news.data.at);
  });
  return {
    page: document,
    flags: safeStorage(),
    now: () => Date.now(),
    tell: (at) => tabs?.postMessage({ at }),
  };
}

/** localStorage, or memory where it is blocked. */
function safeStorage(): SessionPorts['flags'] {
  try {
    localStorage.getItem('nadi');
    return localStorage;
  } catch {
    const memory = new Map<string, string>();
    return {
      getItem: (key) => memory.get(key) ?? null,
      setItem: (key, value) => void memory.set(key, value),
      removeItem: (key) => void memory.delete(key),
    };
  }
}
