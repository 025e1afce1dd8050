import { describe, expect, test } from 'vitest';
import { randomBelow } from '../support/ids.ts';
import { tryFactor, type FactorState } from './factorRules.ts';
import { findRecovery, newRecoveryCode, recoveryHash } from './recovery.ts';
import { acceptedStep, base32, codeAt, otpauthUri, stepOf } from './totp.ts';

const secret = Buffer.from('12345678901234567890');

describe('[A5] time-based codes', () => {
  // RFC 6238, appendix B; ours are the last six of its eight digits.
  test.each([
    [59, '94287082'],
    [1111111109, '07081804'],
    [1111111111, '14050471'],
    [1234567890, '89005924'],
    [2000000000, '69279037'],
    [20000000000, '65353130'],
  ])('at %i s as RFC 6238 says', (seconds, code) => {
    expect(codeAt(secret, stepOf(seconds * 1000))).toBe(code.slice(2));
  });

  // RFC 4226, appendix D.
  test('count as RFC 4226 says', () => {
    const codes = ['755224', '287082', '359152', '969429', '338314', '254676', '287922', '162583', '399871', '520489'];
    expect(codes.map((_code, i) => codeAt(secret, i))).toEqual(codes);
  });

  test('one step either way is taken, two are not', () => {
    const now = 1_700_000_000_000;
    const step = stepOf(now);
    for (const off of [-1, 0, 1]) expect(acceptedStep(secret, codeAt(secret, step + off), now, 0)).toBe(step + off);
    for (const off of [-2, 2]) expect(acceptedStep(secret, codeAt(secret, step + off), now, 0)).toBeNull();
  });

  test('a step is taken once, and none before it either', () => {
    const now = 1_700_000_000_000;
    const step = stepOf(now);
    expect(acceptedStep(secret, codeAt(secret, step), now, step)).toBeNull();
    expect(acceptedStep(secret, codeAt(secret, step - 1), now, step)).toBeNull();
    expect(acceptedStep(secret, codeAt(secret, step + 1), now, step)).toBe(step + 1);
  });

  // RFC 4648, section 10, without its padding.
  test.each([
    ['', ''],
    ['f', 'MY'],
    ['fo', 'MZXQ'],
    ['foo', 'MZXW6'],
    ['foob', 'MZXW6YQ'],
    ['fooba', 'MZXW6YTB'],
    ['foobar', 'MZXW6YTBOI'],
  ])('base32 of %j', (text, encoded) => {
    expect(base32(Buffer.from(text))).toBe(encoded);
  });

  test('an address for the app, whatever the name holds', () => {
    const uri = new URL(otpauthUri(secret, 'Nadi & Co', 'a?b@demo.nadi'));
    expect(uri.protocol).toBe('otpauth:');
    expect(decodeURIComponent(uri.pathname)).toContain('Nadi & Co:a?b@demo.nadi');
    expect(uri.searchParams.get('secret')).toBe('GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ');
    expect(uri.searchParams.get('issuer')).toBe('Nadi & Co');
  });
});

describe('[A5] recovery codes', () => {
  const codes = Array.from({ length: 10 }, () => newRecoveryCode(randomBelow));
  const hashes = codes.map((code) => recoveryHash(secret, code));

  test('are ten different ones that cannot be taken for a code of the app', () => {
    expect(new Set(codes).size).toBe(10);
    for (const code of codes) expect(code).toMatch(/^[2-9A-HJKMNP-TV-Z]{5}-[2-9A-HJKMNP-TV-Z]{5}$/);
  });

  test('are found as people type them, with this secret only', () => {
    const [, , third = ''] = codes;
    expect(findRecovery(secret, ` ${third.toLowerCase().replace('-', ' ')} `, hashes)).toBe(2);
    expect(findRecovery(Buffer.from('another secret'), third, hashes)).toBe(-1);
    expect(findRecovery(secret, 'AAAAA-AAAAA', hashes)).toBe(-1);
  });
});

describe('[A5] trying', () => {
  const now = 1_700_000_000_000;
  const recovery = 'ABCDE-FGHJK';
  const start: FactorState = { lastStep: 0, recovery: [recoveryHash(secret, recovery)], failures: 0, waitUntil: 0 };
  const wrong = (state: FactorState, at: number): FactorState => {
    const tried = tryFactor(state, secret, 'ZZZZZ-ZZZZZ', at);
    if (tried.kind !== 'wrong') throw new Error(`expected a wrong try, got ${tried.kind}`);
    return tried.next;
  };

  test('a right code is used up; spaces do not matter', () => {
    const code = codeAt(secret, stepOf(now));
    const tried = tryFactor(start, secret, `${code.slice(0, 3)} ${code.slice(3)}`, now);
    if (tried.kind !== 'right') throw new Error('refused');
    expect(tried).toMatchObject({ by: 'code', next: { lastStep: stepOf(now) } });
    expect(tryFactor(tried.next, secret, code, now)).toMatchObject({ kind: 'wrong' });
  });

  test('a recovery code is used up', () => {
    const tried = tryFactor(start, secret, recovery, now);
    if (tried.kind !== 'right') throw new Error('refused');
    expect(tried).toMatchObject({ by: 'recovery', next: { recovery: [] } });
    expect(tryFactor(tried.next, secret, recovery, now)).toMatchObject({ kind: 'wrong' });
  });

  test('the fifth wrong try in a row brings a wait, each after it a longer one, never over a quarter of an hour', () => {
    let state = start;
    for (let i = 0; i < 4; i++) state = wrong(state, now);
    expect(state.waitUntil).toBe(now);
    state = wrong(state, now);
    expect(state.waitUntil).toBe(now + 15_000);
    // Within the wait not even the right code is looked at.
    expect(tryFactor(state, secret, recovery, now + 14_999)).toEqual({ kind: 'wait', untilMs: now + 15_000 });
    state = wrong(state, now + 15_000);
    expect(state.waitUntil).toBe(now + 45_000);
    for (let i = 0; i < 60; i++) state = wrong(state, state.waitUntil);
    const last = wrong(state, state.waitUntil);
    expect(last.waitUntil - state.waitUntil).toBe(15 * 60_000);
    expect(tryFactor(last, secret, recovery, last.waitUntil)).toMatchObject({ next: { failures: 0, waitUntil: 0 } });
  });
});
