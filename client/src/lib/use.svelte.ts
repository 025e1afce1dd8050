import type { StreamName, ViewName } from '../../../shared/contract/index.ts';
import type { Hub } from './hub.svelte.ts';
import type { RequestError } from './RequestError.ts';
import type { StreamStore } from './stream.svelte.ts';
import type { Subscription, SubscriptionStatus } from './subscription.svelte.ts';
import type { EventOf } from './typed.ts';
import type { ViewStore } from './view.svelte.ts';

/** What both kinds of store have, and may be read before there is one. */
class Live<T extends { readonly state: unknown } & Subscription> {
  readonly #find: () => T | null;

  constructor(find: () => T | null) {
    this.#find = find;
  }

  get store(): T | null {
    return this.#find();
  }
  get state(): T['state'] | null {
    return this.#find()?.state ?? null;
  }
  get status(): SubscriptionStatus {
    return this.#find()?.status ?? 'loading';
  }
  get error(): RequestError | null {
    return this.#find()?.error ?? null;
  }
  get updatedAt(): number | null {
    return this.#find()?.updatedAt ?? null;
  }
  retry(): void {
    this.#find()?.retry();
  }
}

export type LiveView<N extends ViewName> = Live<ViewStore<N>>;

export class LiveStream<N extends StreamName> extends Live<StreamStore<N>> {
  get seq(): number {
    return this.store?.seq ?? 0;
  }
  /** Events as they arrive, over changes of key; not those that were there before. Call while the component initialises. */
  onEvents(listener: (events: readonly EventOf<N>[]) => void): void {
    $effect(() => this.store?.onEvents(listener));
  }
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
    return new LiveStream<N>(() => store);
  }

  /** A view for as long as the component lives; like {@link useStream}. */
  function useView<N extends ViewName>(name: N, key: () => string | null): LiveView<N> {
    const store = $derived(lookup(key(), (found) => hub.view(name, found)));
    $effect(() => store?.acquire());
    return new Live<ViewStore<N>>(() => store);
  }

  /** Reads the generation, so that a change of account leads to new stores. */
  function lookup<T>(key: string | null, find: (key: string) => T): T | null {
    return hub.generation >= 0 && key !== null ? find(key) : null;
  }

  return { useStream, useView };
}
