import { describe, expect, test } from 'vitest';
import { deskKey, isTyping, type KeyStroke } from './deskKeys.ts';

const stroke = (key: string, more: Partial<KeyStroke> = {}): KeyStroke => ({
  key,
  code: '',
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  repeat: false,
  defaultPrevented: false,
  isComposing: false,
  ...more,
});

describe('[I1] desk keys', () => {
  test.each([
    ['n', 'callNext'],
    ['N', 'callNext'],
    ['s', 'start'],
    ['r', 'recall'],
    ['f', 'finish'],
    ['k', 'skip'],
    ['u', 'urgent'],
    ['/', 'search'],
    ['?', 'help'],
    ['a', 'addWalkIn'],
  ])('%s means %s', (key, name) => {
    expect(deskKey(stroke(key))).toBe(name);
  });

  test('a Hindi layout is read by the place of the key; a Latin one by its letter', () => {
    expect(deskKey(stroke('ल', { code: 'KeyN' }))).toBe('callNext');
    expect(deskKey(stroke('x', { code: 'KeyN' }))).toBeNull();
    expect(deskKey(stroke('n', { code: 'KeyB' }))).toBe('callNext');
  });

  test.each(['ctrlKey', 'metaKey', 'altKey', 'repeat', 'defaultPrevented', 'isComposing'] as const)(
    'not with %s',
    (flag) => {
      expect(deskKey(stroke('n', { [flag]: true }))).toBeNull();
    },
  );

  test('rests where letters are typed and where a dialog has the keyboard', () => {
    document.body.innerHTML =
      '<input id="a"><textarea id="b"></textarea><p contenteditable id="c"></p><div role="dialog"><button id="d">x</button></div><button id="e">x</button>';
    const typing = ['a', 'b', 'c', 'd', 'e'].map((id) => isTyping(document.getElementById(id)));
    expect(typing).toEqual([true, true, true, true, false]);
    expect(isTyping(null)).toBe(false);
  });
});
