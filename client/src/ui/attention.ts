import { playSound, type SoundName } from './sound.ts';

/** Getting somebody's attention when they look elsewhere: sound, vibration, and the title and badge of the window. */

let base = 'Nadi';
let count = 0;
let notice: string | undefined;

/** `● Your turn · Nadi`, `(2) Desk · Nadi`, `Desk · Nadi`. */
export function composeTitle(page: string, unseen: number, shout?: string): string {
  if (shout) return `● ${shout} · ${page}`;
  return unseen > 0 ? `(${unseen}) ${page}` : page;
}

function apply(): void {
  document.title = composeTitle(base, count, notice);
}

/** The name of the page; PageHeader calls it. */
export function pageTitle(title: string): void {
  base = title === 'Nadi' ? title : `${title} · Nadi`;
  apply();
}

/** A number in the window's title and on the installed app's icon; 0 removes it. */
export function titleBadge(unseen: number): void {
  count = unseen;
  apply();
  if ('setAppBadge' in navigator)
    void (unseen > 0 ? navigator.setAppBadge(unseen) : navigator.clearAppBadge()).catch(() => {});
}

const patterns: Record<SoundName, number[]> = {
  called: [250, 120, 250, 120, 500],
  attention: [180, 100, 180],
  message: [60],
};

/** Vibrates where the device can and the person has touched the page. */
export function vibrate(kind: SoundName): void {
  // Refused, with a note in the console, until the person has touched the page.
  if ('vibrate' in navigator && navigator.userActivation?.hasBeenActive !== false) navigator.vibrate(patterns[kind]);
}

/**
 * Sound, vibration and title at once.
 * @param repeatMs repeats until the returned function is called (at least 3 s apart); without it, once
 * @returns stops it and puts the title back; call it when the person has reacted
 */
export function alertPerson(kind: SoundName, title?: string, repeatMs?: number): () => void {
  notice = title;
  apply();
  const ring = (): void => {
    playSound(kind);
    vibrate(kind);
  };
  ring();
  const timer = repeatMs === undefined ? undefined : setInterval(ring, Math.max(3000, repeatMs));
  return () => {
    clearInterval(timer);
    if (notice === title) notice = undefined;
    apply();
    if ('vibrate' in navigator && navigator.userActivation?.hasBeenActive !== false) navigator.vibrate(0);
  };
}
