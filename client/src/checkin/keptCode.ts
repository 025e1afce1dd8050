const key = 'nadi.check-in';

/**
 * The check-in code of this tab: taken out of the address (`/check-in#<code>`) at once, so that it is not shared or remembered with it, and kept
 * over a sign-in. Null when there is none.
 */
export function takeCode(): string | null {
  const fromAddress = decodeURIComponent(location.hash.slice(1));
  if (fromAddress !== '') {
    sessionStorage.setItem(key, fromAddress);
    history.replaceState(history.state, '', location.pathname + location.search);
  }
  return sessionStorage.getItem(key);
}

/** It has done its work, or never will. */
export function dropCode(): void {
  sessionStorage.removeItem(key);
}
