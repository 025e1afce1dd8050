import { untrack } from 'svelte';
import { hub } from './index.ts';
import { RequestError } from './RequestError.ts';

/** Something asked of the hub when a component shows it, and again after a reconnect or on demand. Call while it initialises. */
export function useAsked<T>(ask: () => Promise<T>) {
  let value = $state.raw<T | null>(null);
  let error = $state.raw<RequestError | null>(null);
  let busy = $state(false);

  async function load(): Promise<void> {
    busy = true;
    try {
      value = await ask();
      error = null;
    } catch (thrown) {
      error = RequestError.of(thrown);
    } finally {
      busy = false;
    }
  }
  $effect(() => {
    if (hub.live) untrack(() => void load());
  });
  return {
    get value() {
      return value;
    },
    get error() {
      return value === null ? error : null;
    },
    get busy() {
      return busy;
    },
    load,
  };
}
