import { describe, expect, test } from 'vitest';
import { DeviceBook } from './DeviceBook.ts';

const book = new DeviceBook('a secret of the installation');

describe('[A5] the device cookie', () => {
  test('knows who signed in on it, and nobody else', () => {
    const token = book.remember(undefined, ['account a', 'asha@example.org']);
    expect(book.knows(token, 'account a')).not.toBeNull();
    expect(book.knows(token, 'asha@example.org')).toBe(book.knows(token, 'account a'));
    expect(book.knows(token, 'account b')).toBeNull();
    expect(token).not.toContain('asha');
  });

  test('keeps its id, and forgets the oldest of many', () => {
    let token = book.remember(undefined, ['first']);
    const id = book.knows(token, 'first');
    for (let i = 0; i < 11; i++) token = book.remember(token, [`person ${i}`]);
    expect([book.knows(token, 'first'), book.knows(token, 'person 10')]).toEqual([id, id]);
    token = book.remember(token, ['one more']);
    expect(book.knows(token, 'first')).toBeNull();
    expect(token.length).toBeLessThan(300);
  });

  test('cannot be made up, nor carried over to another browser’s id or another installation', () => {
    const mine = book.remember(undefined, ['asha']);
    const other = book.remember(undefined, ['ravi']);
    const [otherId = ''] = other.split('.');
    const [, tag = ''] = mine.split('.');
    expect(book.knows(`${otherId}.${tag}`, 'asha')).toBeNull();
    expect(new DeviceBook('another').knows(mine, 'asha')).toBeNull();
    for (const wrong of [undefined, '', 'x', `${mine}.x`, `${mine}${'.'.repeat(30)}`, '\u0000'.repeat(40)]) {
      expect(book.knows(wrong, 'asha')).toBeNull();
    }
    // What is not ours is replaced, not carried on.
    expect(book.knows(book.remember('rubbish', ['asha']), 'asha')).not.toBeNull();
  });
});
