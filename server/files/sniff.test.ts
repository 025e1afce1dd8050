import fc from 'fast-check';
import { expect, test } from 'vitest';
import { limits } from '../../shared/limits.ts';
import { safeName } from './sniff.ts';

test.each([
  ['photo.jpg', 'image/jpeg', 'photo.jpg'],
  ['photo.JPEG', 'image/jpeg', 'photo.jpeg'],
  ['scan.pdf.exe', 'application/pdf', 'scan.pdf.exe.pdf'],
  ['..\\..\\boot.ini', 'text/plain', 'boot.ini.txt'],
  ['/etc/passwd', 'text/plain', 'passwd.txt'],
  ['my\u202egpj.exe', 'image/png', 'mygpj.exe.png'],
  ['a\r\nSet-Cookie: x', 'text/plain', 'aSet-Cookie_ x.txt'],
  ['...', 'image/png', 'file.png'],
  ['.pdf', 'application/pdf', 'pdf.pdf'],
  ['दवा की पर्ची.pdf', 'application/pdf', 'दवा की पर्ची.pdf'],
] as const)('[E1] the name %j of a file is kept as %j would be', (raw, type, name) => {
  expect(safeName(raw, type)).toBe(name);
});

test('[E1] any name fits, ends truly and stands still', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (raw) => {
      const name = safeName(raw, 'image/webp');
      expect(name.length).toBeLessThanOrEqual(limits.fileNameChars);
      expect(name).toMatch(/^[^/\\\p{Cc}\p{Cs}<>:"|?*]+\.webp$/u);
      expect(safeName(name, 'image/webp')).toBe(name);
    }),
  );
});
