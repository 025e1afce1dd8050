import { describe, expect, it } from 'vitest';
import { formProblems, wantedPath } from './rules.ts';

describe('wantedPath', () => {
  it('takes a page of ours and nothing that leads elsewhere', () => {
    expect(wantedPath({ wanted: '/consult/0191' })).toBe('/consult/0191');
    for (const wanted of ['//evil.example', '/\\evil.example', 'https://evil.example', 'desk', '/', '/sign-in', 7]) {
      expect(wantedPath({ wanted })).toBeNull();
    }
    expect(wantedPath(null)).toBeNull();
  });
});

describe('formProblems', () => {
  it('asks for what is missing and points at an address that cannot be one', () => {
    expect(formProblems('', '')).toEqual({ email: 'missing', password: 'missing' });
    expect(formProblems('asha', 'x')).toEqual({ email: 'shape' });
    expect(formProblems(' asha@demo.nadi ', 'x')).toEqual({});
  });
});
