import { untrack } from 'svelte';
import { readPref, writePref } from './prefs.ts';

export interface Shortcut {
  /** One key as printed: `n`, `/`, `?`, `Enter`. Letters work on any keyboard layout, also a Devanagari one. */
  key: string;
  /** What it does, translated; shown in the help. */
  label: string;
  run: () => void;
  /** False while it cannot work; it stays in the help. Default true. */
  enabled?: boolean;
}

/** The part of a KeyboardEvent that decides. */
export interface Press {
  key: string;
  code: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  repeat: boolean;
  isComposing: boolean;
}

/** True when a press means this key: the printed character, or for letters the position when the layout types another script. */
export function matches(press: Press, key: string): boolean {
  if (press.ctrlKey || press.metaKey || press.altKey || press.repeat || press.isComposing) return false;
  if (press.key.toLowerCase() === key.toLowerCase()) return true;
  const typesLatin = press.key.length !== 1 || press.key.charCodeAt(0) < 128;
  return !typesLatin && /^[a-z]$/i.test(key) && press.code === `Key${key.toUpperCase()}`;
}

/** True while a person types, chooses from a list, or a dialog or menu is open over the page. */
export function isBusyTyping(target: EventTarget | null): boolean {
  if (target instanceof HTMLElement) {
    if (target.isContentEditable || target.matches('textarea, select, [role=combobox], [role=listbox], [role=menu] *'))
      return true;
    if (target.matches('input:not([type=checkbox], [type=radio], [type=button], [type=submit], [type=range])'))
      return true;
  }
  // While one closes it is still there for a moment; a quick key is meant for the page by then.
  const open = ['dialog', 'alertdialog', 'menu'].map((role) => `[role=${role}][data-state=open]`);
  return document.querySelector(open.join()) !== null;
}

class Shortcuts {
  #list = $state.raw<(() => Shortcut)[]>([]);
  #on = $state(readPref('shortcuts') !== false);
  /** Whether the help is open; `?` opens it. */
  helpOpen = $state(false);

  /** WCAG 2.1.4: single-key shortcuts can be switched off. Remembered. */
  get on(): boolean {
    return this.#on;
  }
  set on(value: boolean) {
    this.#on = value;
    writePref('shortcuts', value);
  }

  get list(): Shortcut[] {
    return this.#list.map((make) => make());
  }

  add(make: () => Shortcut): () => void {
    // Untracked: the effect that registers a key must not wake up when another one is registered.
    untrack(() => (this.#list = [...this.#list, make]));
    return () => {
      this.#list = this.#list.filter((other) => other !== make);
    };
  }

  /** Handles one press; true when a shortcut ran. The newest registration of a key wins. */
  press(event: Press, target: EventTarget | null): boolean {
    if (!this.#on || isBusyTyping(target)) return false;
    if (matches(event, '?')) {
      this.helpOpen = true;
      return true;
    }
    const found = this.list.reverse().find((shortcut) => matches(event, shortcut.key));
    if (!found || found.enabled === false) return false;
    found.run();
    return true;
  }
}

export const shortcuts = new Shortcuts();

/**
 * Registers a key for as long as the component is on the page:
 * `useShortcut(() => ({ key: 'n', label: t('desk.callNext'), run: callNext, enabled: !busy }))`.
 */
export function useShortcut(make: () => Shortcut): void {
  $effect(() => shortcuts.add(make));
}
