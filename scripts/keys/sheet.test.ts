import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { groupsOf, keyOf, SheetError } from './sheet.ts';

test('any key typed from its sheet is that key, however it is spaced', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
      const key = Buffer.from(bytes).toString('base64');
      const groups = groupsOf(key);
      expect(groups).toHaveLength(13);
      expect(keyOf(groups.join(' '))).toBe(key);
      expect(keyOf(groups.join('-').toLowerCase().replaceAll('0', 'o').replaceAll('1', 'l'))).toBe(key);
    }),
  );
});

test('mistakes are found where they are', () => {
  const groups = groupsOf(randomBytes(32).toString('base64'));
  const fault = (typed: readonly string[]): string => {
    try {
      keyOf(typed.join(' '));
      return 'none';
    } catch (error) {
      expect(error).toBeInstanceOf(SheetError);
      return String(error);
    }
  };
  expect(fault(groups.slice(0, 12))).toContain('group 13');
  expect(fault([...groups, 'ABCDE'])).toContain('more than');
  expect(fault(['U*?!2', ...groups.slice(1)])).toContain('group 1 ');
  // One wrong character of 52: one in 32 passes its group's check, so that most of many tries must be found.
  let found = 0;
  for (let i = 0; i < 13; i++) {
    const wrong = [...groups];
    const group = wrong[i] ?? '';
    wrong[i] = (group.startsWith('7') ? '8' : '7') + group.slice(1);
    if (fault(wrong).includes(`group ${i + 1} `)) found += 1;
  }
  expect(found).toBeGreaterThan(6);
});
