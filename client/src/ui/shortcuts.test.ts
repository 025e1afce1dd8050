import { beforeEach, describe, expect, it, vi } from 'vitest';
import { isBusyTyping, matches, shortcuts, type Press } from './shortcuts.svelte.ts';

const press = (key: string, more: Partial<Press> = {}): Press => ({
  key,
  code: `Key${key.toUpperCase()}`,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  repeat: false,
  isComposing: false,
  ...more,
});

beforeEach(() => {
  document.body.innerHTML = '';
  shortcuts.helpOpen = false;
  shortcuts.on = true;
});

describe('which press means which key', () => {
  it.each([
    ['n', press('n'), true],
    ['n', press('N'), true],
    ['n', press('m'), false],
    ['n', press('n', { ctrlKey: true }), false],
    ['n', press('n', { metaKey: true }), false],
    ['n', press('n', { altKey: true }), false],
    ['n', press('n', { repeat: true }), false],
    ['n', press('n', { isComposing: true }), false],
    // a Devanagari layout types its own letter on the key N; the position counts
    ['n', press('ल', { code: 'KeyN' }), true],
    // Dvorak types `b` on the position N: the letter counts
    ['n', press('b', { code: 'KeyN' }), false],
    ['/', press('/', { code: 'Slash' }), true],
    ['?', press('?', { code: 'Slash' }), true],
  ])('%s', (key, event, expected) => expect(matches(event, key)).toBe(expected));
});

describe('while typing', () => {
  it.each([
    ['<input>', true],
    ['<input type="tel">', true],
    ['<textarea></textarea>', true],
    ['<select></select>', true],
    ['<input type="checkbox">', false],
    ['<button></button>', false],
  ])('%s: %s', (html, busy) => {
    document.body.innerHTML = html;
    expect(isBusyTyping(document.body.firstElementChild)).toBe(busy);
  });

  it('is silent under an open dialog', () => {
    document.body.innerHTML = '<div role="dialog" data-state="open"></div>';
    expect(isBusyTyping(document.body)).toBe(true);
  });
});

describe('registered keys', () => {
  it('run, the newest of the same key first, until they are taken away', () => {
    const page = vi.fn();
    const panel = vi.fn();
    const removePage = shortcuts.add(() => ({ key: 'n', label: 'page', run: page }));
    const removePanel = shortcuts.add(() => ({ key: 'n', label: 'panel', run: panel }));
    expect(shortcuts.press(press('n'), document.body)).toBe(true);
    removePanel();
    shortcuts.press(press('n'), document.body);
    removePage();
    expect(shortcuts.press(press('n'), document.body)).toBe(false);
    expect([panel.mock.calls.length, page.mock.calls.length]).toEqual([1, 1]);
  });

  it('do not run while disabled or switched off, and the switch is remembered', () => {
    const run = vi.fn();
    const remove = shortcuts.add(() => ({ key: 's', label: 'start', run, enabled: false }));
    expect(shortcuts.press(press('s'), document.body)).toBe(false);
    shortcuts.on = false;
    expect(shortcuts.press(press('?', { code: 'Slash' }), document.body)).toBe(false);
    expect(localStorage.getItem('nadi.shortcuts')).toBe('false');
    remove();
    expect(run).not.toHaveBeenCalled();
  });

  it('open the help on ?', () => {
    expect(shortcuts.press(press('?', { code: 'Slash' }), document.body)).toBe(true);
    expect(shortcuts.helpOpen).toBe(true);
  });
});
