import { describe, expect, test } from 'vitest';
import { originGuard, type OriginRules } from './origin.ts';

const clinic: OriginRules = {
  publicUrl: 'https://clinic.example/',
  allowedOrigins: ['https://app.example'],
  mode: 'production',
};
const demo: OriginRules = { publicUrl: null, allowedOrigins: [], mode: 'demo' };

describe('[A7] whose pages may ask', () => {
  test('in production: its own and the listed ones, whatever host was asked', () => {
    const may = originGuard(clinic);
    for (const origin of ['https://clinic.example', 'https://app.example']) expect(may({ origin })).toBe(true);
    for (const origin of [
      'http://clinic.example',
      'https://clinic.example:8443',
      'https://clinic.example.evil.example',
      'https://evilclinic.example',
      'http://localhost:3000',
      'null',
      '',
      'https://',
    ])
      expect([origin, may({ origin })]).toEqual([origin, false]);
    // A name that was pointed at us: the host is theirs, and that proves nothing.
    expect(may({ origin: 'https://evil.example', host: 'evil.example' })).toBe(false);
  });

  test('without an origin: not when the browser says it comes from another site', () => {
    const may = originGuard(clinic);
    expect(may({})).toBe(true);
    for (const site of ['same-origin', 'none']) expect(may({ 'sec-fetch-site': site })).toBe(true);
    for (const site of ['cross-site', 'same-site']) expect(may({ 'sec-fetch-site': site })).toBe(false);
  });

  test('in a demo: the host that is asked, and this machine', () => {
    const may = originGuard(demo);
    expect(may({ origin: 'http://192.168.1.7:3000', host: '192.168.1.7:3000' })).toBe(true);
    expect(may({ origin: 'http://localhost:5173', host: '127.0.0.1:3000' })).toBe(true);
    expect(may({ origin: 'https://evil.example', host: '127.0.0.1:3000' })).toBe(false);
    expect(originGuard({ ...demo, mode: 'production' })({ origin: 'http://localhost:5173', host: 'x' })).toBe(false);
  });
});
