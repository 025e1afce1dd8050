import { createSubscriber } from 'svelte/reactivity';

const subscribe = createSubscriber((update) => {
  let timer: ReturnType<typeof setTimeout>;
  // Aligned to full seconds, so that all clocks on the page step together.
  const tick = (): void => {
    update();
    timer = setTimeout(tick, 1000 - (Date.now() % 1000));
  };
  timer = setTimeout(tick, 1000 - (Date.now() % 1000));
  return () => clearTimeout(timer);
});

/** The time now in epoch milliseconds; read inside a component it updates every second, and costs nothing when nobody reads it. */
export function now(): number {
  subscribe();
  return Date.now();
}
