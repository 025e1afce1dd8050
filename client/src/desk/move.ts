import { flip } from 'svelte/animate';
import { cubicOut } from 'svelte/easing';
import { prefersReducedMotion } from 'svelte/motion';
import type { AnimationConfig } from 'svelte/animate';

/** How long something takes to get to its new place, ms; nothing moves under reduced motion. */
export function ms(wanted: number): number {
  return prefersReducedMotion.current ? 0 : wanted;
}

/** An entry moving up the queue (`animate:move`). A list that is not on the screen has no places to move between. */
export function move(node: Element, places: { from: DOMRect; to: DOMRect }): AnimationConfig {
  if (places.from.width === 0 || places.to.width === 0 || ms(1) === 0) return { duration: 0 };
  return flip(node, places, { duration: 180, easing: cubicOut });
}
