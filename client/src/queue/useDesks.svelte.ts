import { SvelteMap } from 'svelte/reactivity';
import type { DeskSession } from '../../../shared/contract/queueViews.ts';
import { hub, RequestError } from '../lib/index.ts';
import { openDesks } from './rules.ts';

/** The doctors one can queue for: asked once, then live by one lobby view per clinic. Call while a component initialises. */
export function useDesks() {
  let first = $state.raw<readonly DeskSession[] | null>(null);
  let error = $state.raw<RequestError | null>(null);
  let asking = $state(false);

  async function ask(): Promise<void> {
    if (asking) return;
    asking = true;
    try {
      first = (await hub.request('queue.sessions', {})).sessions;
      error = null;
    } catch (thrown) {
      error = RequestError.of(thrown);
    } finally {
      asking = false;
    }
  }

  // Again after every reconnect: a clinic that was closed has no lobby here to tell that it opened.
  $effect(() => {
    if (hub.live || first === null) void ask();
  });

  const lobbies = $derived(
    [...new Set(first?.map((desk) => desk.clinicId))].map((clinic) => hub.view('lobby', clinic)),
  );
  $effect(() => {
    const releases = lobbies.map((lobby) => lobby.acquire());
    return () => releases.forEach((release) => release());
  });

  const desks: DeskSession[] = $derived.by(() => {
    const live = new SvelteMap<string, readonly DeskSession[]>();
    for (const lobby of lobbies) if (lobby.state) live.set(lobby.key, lobby.state.sessions);
    return openDesks(first ?? [], live);
  });

  return {
    /** Null until the first answer. */
    get all(): DeskSession[] | null {
      return first === null ? null : desks;
    },
    get error() {
      return first === null ? error : null;
    },
    get asking() {
      return asking;
    },
    retry: () => void ask(),
  };
}
