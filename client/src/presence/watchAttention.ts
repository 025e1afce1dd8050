import { isAway, untilAway } from './rules.ts';

/** What people do when they are there. Not `scroll`: a page scrolls by itself when something arrives. */
const inputs = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart'] as const;
/** A moving mouse need not be noted more often, ms. */
const noteEveryMs = 1_000;

/**
 * Watches whether somebody is at this device, and tells when that changes. Returns the way to stop.
 * @param now any clock in ms.
 */
export function watchAttention(
  page: Document,
  tell: (away: boolean) => void,
  now: () => number = Date.now,
): () => void {
  let lastInput = now();
  let hiddenSince = page.visibilityState === 'hidden' ? now() : null;
  let away = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = (): void => {
    clearTimeout(timer);
    const known = { hiddenSince, lastInput };
    const is = isAway(known, now());
    if (is !== away) tell((away = is));
    if (!is) timer = setTimeout(look, untilAway(known, now()));
  };
  const input = (): void => {
    const at = now();
    if (!away && at - lastInput < noteEveryMs) return;
    lastInput = at;
    look();
  };
  const visibility = (): void => {
    hiddenSince = page.visibilityState === 'hidden' ? now() : null;
    if (hiddenSince === null) lastInput = now();
    look();
  };
  for (const name of inputs) page.addEventListener(name, input, { passive: true, capture: true });
  page.addEventListener('visibilitychange', visibility);
  look();
  return () => {
    clearTimeout(timer);
    for (const name of inputs) page.removeEventListener(name, input, { capture: true });
    page.removeEventListener('visibilitychange', visibility);
  };
}
