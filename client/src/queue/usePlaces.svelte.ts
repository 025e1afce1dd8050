import { SvelteSet } from 'svelte/reactivity';
import type { Place } from '../../../shared/contract/queueViews.ts';
import { isActive } from '../../../shared/state/queue.ts';
import { withoutMoved } from './rules.ts';
import { hub, useView, type ViewStore } from '../lib/index.ts';

/**
 * The places of everybody the account acts for, live: those in a queue now, and those that ended while this page was open and were not put
 * away yet. Call while a component initialises.
 */
export function usePlaces(accountId: () => string) {
  const current = useView('myPlaces', accountId);
  /** Every entry this page has shown; a place that ends keeps its card until it is put away. */
  const seen = new SvelteSet<string>();
  const away = new SvelteSet<string>();

  $effect(() => {
    for (const id of current.state?.entryIds ?? []) seen.add(id);
  });

  const stores: ViewStore<'place'>[] = $derived(
    hub.generation < 0
      ? []
      : [...new Set([...(current.state?.entryIds ?? []), ...seen])]
          .filter((id) => !away.has(id))
          .map((id) => hub.view('place', id)),
  );
  $effect(() => {
    const releases = stores.map((store) => store.acquire());
    return () => releases.forEach((release) => release());
  });

  const places: Place[] = $derived(
    withoutMoved(stores.flatMap((store) => store.state ?? [])).sort(
      (a, b) => Number(isOver(a)) - Number(isOver(b)) || a.joinedAt - b.joinedAt,
    ),
  );

  return {
    get all(): Place[] {
      return places;
    },
    /** False while a place is known but not yet described. */
    get complete(): boolean {
      return current.state !== null && stores.every((store) => store.state !== null || store.status === 'denied');
    },
    get status() {
      return current.status;
    },
    get error() {
      return current.error ?? stores.find((store) => store.status === 'error')?.error ?? null;
    },
    retry(): void {
      current.retry();
      for (const store of stores) store.retry();
    },
    /** The card of a place that is over has been read. */
    putAway(entryId: string): void {
      away.add(entryId);
    },
    /** A place just taken here: shown at once, before the list of places says so. */
    expect(entryId: string): void {
      seen.add(entryId);
    },
  };
}

function isOver(place: Place): boolean {
  return !isActive(place.state);
}
