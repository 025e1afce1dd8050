import { untrack } from 'svelte';

/** What the LiveRegion says. One slot per politeness; saying the same words again is heard again. */
export const announcements = $state({ polite: '', assertive: '' });

/**
 * Has a screen reader say something that changed on the page without moving the focus.
 * `assertive` interrupts: only for what cannot wait ("The doctor is calling you").
 */
export function announce(text: string, politeness: 'polite' | 'assertive' = 'polite'): void {
  // A no-break space makes a repeated sentence a new one to the screen reader.
  // Read untracked: an effect that announces must not depend on what it says.
  const said = untrack(() => announcements[politeness]);
  announcements[politeness] = said === text ? `${text}\u00a0` : text;
}
