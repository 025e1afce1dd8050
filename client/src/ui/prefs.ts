const prefix = 'nadi.';

/**
 * A setting remembered in this browser (theme, language, volume), or `undefined`. What comes back was stored by anybody: check it before use.
 * Storage may be blocked or full; then settings last until the page closes.
 */
export function readPref(name: string): unknown {
  try {
    const text = localStorage.getItem(prefix + name);
    return text === null ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Remembers a setting in this browser, when it lets us. */
export function writePref(name: string, value: string | number | boolean): void {
  try {
    localStorage.setItem(prefix + name, JSON.stringify(value));
  } catch {
    // private mode or a full disk: the setting still holds for this page
  }
}
