import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { newPatientCode, parsePatientCode } from './patientCode.ts';

const codes = fc.array(fc.nat({ max: 29 }), { minLength: 7, maxLength: 7 }).map((digits) => {
  let i = 0;
  return newPatientCode(() => digits[i++] ?? 0);
});

describe('[A4] patient code', () => {
  test('round-trips, also when typed carelessly', () => {
    fc.assert(
      fc.property(codes, (code) => {
        expect(code).toMatch(/^ND-[2-9A-Z]{4}-[2-9A-Z]{4}$/);
        expect(parsePatientCode(code)).toBe(code);
        expect(parsePatientCode(` ${code.toLowerCase().replaceAll('-', ' ')} `)).toBe(code);
      }),
    );
  });

  test('any single wrong character is caught', () => {
    fc.assert(
      fc.property(codes, fc.nat({ max: 7 }), fc.constantFrom(...'23456789ABCDEFGHJKMNPQRSTVWXYZ'), (code, at, char) => {
        const bare = code.slice(3).replace('-', '');
        fc.pre(bare.charAt(at) !== char);
        expect(parsePatientCode(bare.slice(0, at) + char + bare.slice(at + 1))).toBeNull();
      }),
    );
  });

  test.each(['', 'ND-', 'ND-0000-0000', 'ND-7K3M-42Q', 'hello', 'ND-7K3M-42QX-9'])('refuses %j', (typed) => {
    expect(parsePatientCode(typed)).toBeNull();
  });
});
