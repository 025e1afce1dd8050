import { createSubscriber } from 'svelte/reactivity';
import { clock } from '../../lib/index.ts';

const subscribe = createSubscriber((update) => {
  if (typeof Worker === 'undefined') {
    const timer = setInterval(update, 1_000);
    return () => clearInterval(timer);
  }
  const worker = new Worker(new URL('./ticker.worker.ts', import.meta.url), { type: 'module' });
  worker.onmessage = update;
  return () => worker.terminate();
});

/** The server's time as a rune that moves each second, also while the tab is hidden. For what must not be late; else `ticking`. */
export function steadyTime(): number {
  subscribe();
  return clock.now();
}
