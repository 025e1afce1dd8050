import type { StreamName, ViewName, ViewState } from '../../../shared/contract/index.ts';
import type { Hub } from './hub.svelte.ts';
import type { RequestError } from './RequestError.ts';
import type { StreamStore } from './stream.svelte.ts';
import type { SubscriptionStatus } from './subscription.svelte.ts';
import type { EventOf, StateOf } from './typed.ts';
import type { ViewStore } from './view.svelte.ts';

interface Live<S> {
  readonly state: S | null;
  readonly status: SubscriptionStatus;
  readonly error: RequestError | null;
  readonly updatedAt: number | null;
  retry(): void;
}
export interface LiveView<N extends ViewName> extends Live<ViewState<N>> {
  readonly store: ViewStore<N> | null;
}
export interface LiveStream<N extends StreamName> extends Live<StateOf<N>> {
  readonly store: StreamStore<N> | null;
  readonly seq: number;
  /** Events as they arrive, over changes of key; not those that were there before. Call while the component initialises. */
  onEvents(listener: (events: readonly EventOf<N>[]) => void): void;
}

/** `useStream`, `useView` for one hub; used by `lib/index.ts`. */
export function hooks(hub: Hub) {
  /**
   * A stream for as long as the component lives; call while it initialises. `key` is read reactively: null means none.
   * Read the fields from the returned object (`queue.state`), do not destructure them.
   */
  function useStream<N extends StreamName>(name: N, key: () => string | null): LiveStream<N> {
    const store = $derived(lookup(key(), (found) => hub.stream(name, found)));
    $effect(() => store?.acquire());
    return {
      get store() {
        return store;
      },
      get state() {
        return store?.state ?? null;
      },
      get status() {
        return store?.status ?? 'loading';
      },
      get error() {
        return store?.error ?? null;
      },
      get updatedAt() {
        return store?.updatedAt ?? null;
      },
      get seq() {
        return store?.seq ?? 0;
      },
      retry: () => store?.retry(),
      onEvents(listener) {
        $effect(() => store?.onEvents(listener));
      },
    };
  }

  /** A view for as long as the component lives; like {@link useStream}. */
  function useView<N extends ViewName>(name: N, key: () => string | null): LiveView<N> {
    const store = $derived(lookup(key(), (found) => hub.view(name, found)));
    $effect(() => store?.acquire());
    return {
      get store() {
        return store;
      },
      get state() {
        return store?.state ?? null;
      },
      get status() {
        return store?.status ?? 'loading';
      },
      get error() {
        return store?.error ?? null;
      },
      get updatedAt() {
        return store?.updatedAt ?? null;
      },
      retry: () => store?.retry(),
    };
  }

  /** Reads the generation, so that a change of account leads to new stores. */
  function lookup<T>(key: string | null, find: (key: string) => T): T | null {
    return hub.generation >= 0 && key !== null ? find(key) : null;
  }

  return { useStream, useView };
}
