const letters = {
  callNext: 'N',
  start: 'S',
  recall: 'R',
  finish: 'F',
  skip: 'K',
  urgent: 'U',
  search: '/',
  help: '?',
  addWalkIn: 'A',
} as const;

/** What a single key means at a desk. */
export type DeskKey = keyof typeof letters;
/** The same letters stand on the buttons, in their tooltips and in the help. */
export const keyLetters: Readonly<Record<DeskKey, string>> = letters;

/** The parts of a keyboard event that decide; a real one fits. */
export interface KeyStroke {
  readonly key: string;
  readonly code: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly repeat: boolean;
  readonly defaultPrevented: boolean;
  readonly isComposing: boolean;
}

const names = [
  'callNext',
  'start',
  'recall',
  'finish',
  'skip',
  'urgent',
  'search',
  'help',
  'addWalkIn',
] as const satisfies readonly DeskKey[];
const byLetter = new Map<string, DeskKey>(names.map((name) => [letters[name].toLowerCase(), name]));

/**
 * The desk key of a stroke, or null. Works under a Hindi keyboard layout too, where N types "ल": what is not ASCII is read by
 * the place of the key. A held key counts once; with Ctrl, Alt or Meta it belongs to the browser.
 */
export function deskKey(stroke: KeyStroke): DeskKey | null {
  if (stroke.ctrlKey || stroke.metaKey || stroke.altKey) return null;
  if (stroke.repeat || stroke.defaultPrevented || stroke.isComposing) return null;
  const typed = stroke.key.toLowerCase();
  const ascii = /^[\x20-\x7e]+$/.test(typed);
  const letter = /^Key([A-Z])$/.exec(stroke.code)?.[1]?.toLowerCase();
  return byLetter.get(ascii ? typed : (letter ?? '')) ?? null;
}

/** True where letters are typed, or where a dialog or menu has the keyboard: desk keys rest there. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return false;
  if (target.closest('[role="dialog"], [role="alertdialog"], [role="menu"], [role="listbox"]')) return true;
  if (target.closest('input, textarea, select, [contenteditable]:not([contenteditable="false"])')) return true;
  return false;
}
